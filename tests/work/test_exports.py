"""The exports of other programs: known by their headers, and each column of theirs for what it is."""

from pathlib import Path

import pytest

from winback_cli.sources import open_rows
from winback_cli.sources.columns import FIELDS, evened
from winback_cli.sources.exports import Export, exports, recognised, signed
from winback_cli.text import fold

# A header as each program writes it: the column, and its field where it has one.
SEEN = {
    "zoho_contacts": "Record Id=external_id,Contact Owner.id,Contact Owner=owner,Lead Source,"
    "First Name=first_name,Last Name=last_name,Account Name.id,Account Name=company,Vendor Name.id,"
    "Vendor Name,Email=email,Title,Department,Phone=phone,Mobile=phone,Created By.id,Created By,"
    "Modified By.id,Modified By,Created Time,Modified Time,Contact Name=name,Mailing Street=address,"
    "Mailing City=city,Mailing State=region,Mailing Zip=postcode,Mailing Country=country,"
    "Description=notes,Email Opt Out=opted_out,Salutation,Last Activity Time,Tag,Unsubscribed Mode,"
    "Unsubscribed Time=opted_out",
    "zoho_accounts": "Record Id=external_id,Account Owner.id,Account Owner=owner,Account Name=company,"
    "Phone=phone,Parent Account.id,Website,Account Type,Created Time,Modified Time,"
    "Billing Street=address,Billing City=city,Billing State=region,Billing Code=postcode,"
    "Billing Country=country,Last contacted time,Last activity date",
    "hubspot_contacts": "Record ID=external_id,First Name=first_name,Last Name=last_name,Email=email,"
    "Phone Number=phone,Lead Status,Create Date,Associated Company=company,Country/Region=country,"
    "Contact owner=owner,Job Title,Lifecycle Stage,Last Activity Date,Original Source,"
    "Associated Company IDs,Unsubscribed from all email=opted_out",
    "hubspot_companies": "Record ID=external_id,Company name=company,Website URL,Company owner=owner,"
    "Create Date,Company Domain Name,Industry,Country/Region=country,Last Activity Date",
    "hubspot_deals": "Record ID,Deal Name,Deal Stage,Amount,Deal owner=owner,Close Date,Create Date,"
    "Last Activity Date,Associated Company=company,Associated Contact=name,Associated Company IDs,"
    "Associated Contact IDs,Closed Lost Reason=reason",
    "salesforce_contact_report": "Salutation,First Name=first_name,Last Name=last_name,Title,"
    "Mailing Street=address,Mailing City=city,Mailing State/Province=region,"
    "Mailing Zip/Postal Code=postcode,Mailing Country=country,Phone=phone,Mobile=phone,Fax,Email=email,"
    "Contact Record Type,Account Name=company,Account Owner=owner,Lead Source,Last Activity,"
    "Email Opt Out=opted_out",
    "salesforce_account_report": "Account Owner=owner,Account Name=company,Billing State=region,Type,"
    "Rating,Last Activity",
    "salesforce_data_export": "ID=external_id,ISDELETED,MASTERRECORDID,ACCOUNTID,LASTNAME=last_name,"
    "FIRSTNAME=first_name,SALUTATION,NAME=name,MAILINGSTREET=address,MAILINGCITY=city,"
    "MAILINGSTATE=region,MAILINGPOSTALCODE=postcode,MAILINGCOUNTRY=country,PHONE=phone,"
    "MOBILEPHONE=phone,EMAIL=email,TITLE,OWNERID,CREATEDDATE,LASTACTIVITYDATE,"
    "HASOPTEDOUTOFEMAIL=opted_out",
    "pipedrive_people": "Person - Name*=name,Person - First name=first_name,"
    "Person - Last name=last_name,Person - Email (Work)=email,Person - Phone=phone,Person - Label,"
    "Organization - Name=company,Person - Owner=owner,Person - ID=external_id,"
    "Person - Last activity date",
    "pipedrive_orgs": "Organization - Name*=company,Organization - Labels,Organization - Address=address,"
    "Organization - Owner=owner,Organization - Pipedrive System ID=external_id",
    "pipedrive_deals": "Deal - Title*,Deal - Value,Deal - Currency of value,Deal - Status,"
    "Deal - Stage (pipeline),Deal - Lost reason=reason,Deal - Lost time,Deal - Won time=last_purchase,"
    "Deal - Expected close date,Organization=company,Contact person=name",
    "mailchimp": "Email Address=email,First Name=first_name,Last Name=last_name,MEMBER_RATING,OPTIN_TIME,"
    "OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,"
    "LEID,EUID=external_id,NOTES=notes,TAGS,UNSUB_TIME=opted_out,UNSUB_CAMPAIGN_TITLE,"
    "UNSUB_CAMPAIGN_ID,UNSUB_REASON=reason,UNSUB_REASON_OTHER,CLEAN_TIME=opted_out,"
    "CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID",
    "shopify": "Customer ID=external_id,First Name=first_name,Last Name=last_name,Email=email,"
    "Accepts Email Marketing=consent,Default Address Company=company,Default Address Address1=address,"
    "Default Address Address2=address,Default Address City=city,Default Address Province Code=region,"
    "Default Address Country Code=country,Default Address Zip=postcode,Default Address Phone=phone,"
    "Phone=phone,Accepts SMS Marketing,Total Spent=revenue,Total Orders=orders,Note=notes,Tax Exempt,"
    "Tags,Accepts WhatsApp Marketing",
    "shopify_2019": "First Name=first_name,Last Name=last_name,Email=email,Company=company,"
    "Address1=address,Address2=address,City=city,Province=region,Province Code=region,Country=country,"
    "Country Code=country,Zip=postcode,Phone=phone,Accepts Marketing=consent,Total Spent=revenue,"
    "Total Orders=orders,Tags,Note=notes,Tax Exempt",
    "stripe": "id=external_id,Description=notes,Email=email,Name=name,Created (UTC),Delinquent,Plan,"
    "Status=how_left,Total Spend=revenue,Payment Count=orders,Refunded Volume,Dispute Losses,"
    "Address City=city,Address Country=country,Card Last 4,Currency=currency,team (metadata)",
    "quickbooks_online": "Customer=name,Phone Numbers=phone,Email=email,Full Name,"
    "Billing Address=address,Open Balance,Currency=currency",
    "quickbooks_desktop": ",Active Status=how_left,Customer=name,Balance,Balance Total,Company=company,"
    "Mr./Ms./...,First Name,M.I.,Last Name,Primary Contact,Main Phone=phone,Fax,Alt. Phone=phone,"
    "Secondary Contact,Job Title,Main Email=email,Bill to 1=address,Bill to 2=address,"
    "Bill to 3=address,Bill to 4=address,Bill to 5=address,Ship to 1,Ship to 2,Customer Type,Terms,"
    "Rep=owner,Sales Tax Code,Tax item,Resale Num,Account No.=external_id,Credit Limit,Job Status,"
    "Job Type,Job Description,Start Date,Projected End,End Date",
    "woo_server": "Name=name,Username,Last Active,Sign Up,Email=email,Orders=orders,Total Spend=revenue,"
    "AOV,Country / Region=country,City=city,Region=region,Postal Code=postcode,Billing Phone=phone,"
    "Shipping Phone=phone,Role",
    "woo_browser": "Name=name,Username,Role,Last active,Date registered,Email=email,Orders=orders,"
    "Total spend=revenue,AOV,Country / Region=country,City=city,Region=region,Postal code=postcode",
    "square": "Reference ID,First Name=first_name,Last Name=last_name,Email Address=email,"
    "Phone Number=phone,Nickname,Company Name=company,Street Address 1=address,"
    "Street Address 2=address,City=city,State=region,Postal Code=postcode,Birthday,Memo=notes,"
    "Square Customer ID=external_id,Creation Source,First Visit=first_purchase,"
    "Last Visit=last_purchase,Transaction Count=orders,Lifetime Spend=revenue,"
    "Email Subscription Status=opted_out,Instant Profile,Blocked from online booking",
    "google_new": "First Name=first_name,Middle Name,Last Name=last_name,Phonetic First Name,Name Prefix,"
    "Name Suffix,Nickname,File As,Organization Name=company,Organization Title,Organization Department,"
    "Birthday,Notes=notes,Photo,Labels,E-mail 1 - Label,E-mail 1 - Value=email,E-mail 2 - Label,"
    "E-mail 2 - Value=email,Phone 1 - Label,Phone 1 - Value=phone,Address 1 - Label,"
    "Address 1 - Formatted,Address 1 - Street=address,Address 1 - City=city,Address 1 - PO Box,"
    "Address 1 - Region=region,Address 1 - Postal Code=postcode,Address 1 - Country=country,"
    "Address 1 - Extended Address,Website 1 - Label,Website 1 - Value",
    "google_old": "Name=name,Given Name=first_name,Additional Name,Family Name=last_name,Yomi Name,"
    "Name Prefix,Name Suffix,Initials,Nickname,Short Name,Maiden Name,Birthday,Gender,Location,"
    "Notes=notes,Language,Photo,Group Membership,E-mail 1 - Type,E-mail 1 - Value=email,"
    "E-mail 2 - Type,E-mail 2 - Value=email,Phone 1 - Type,Phone 1 - Value=phone,Phone 2 - Value=phone,"
    "Address 1 - Type,Address 1 - City=city,Organization 1 - Type,Organization 1 - Name=company,"
    "Organization 1 - Title",
    "outlook_classic": "Title,First Name=first_name,Middle Name,Last Name=last_name,Suffix,"
    "Company=company,Department,Job Title,Business Street=address,Business Street 2=address,"
    "Business Street 3=address,Business City=city,Business State=region,Business Postal Code=postcode,"
    "Business Country/Region=country,Home Street,Home City,Assistant's Phone,Business Fax,"
    "Business Phone=phone,Business Phone 2=phone,Mobile Phone=phone,Account,Anniversary,Categories,"
    "E-mail Address=email,E-mail Type,E-mail Display Name,E-mail 2 Address=email,Notes=notes,Web Page",
    "outlook_com": "First Name=first_name,Middle Name,Last Name=last_name,Title,Suffix,Nickname,"
    "Given Yomi,Surname Yomi,E-mail Address=email,E-mail 2 Address=email,E-mail 3 Address=email,"
    "Home Phone=phone,Home Phone 2=phone,Business Phone=phone,Business Phone 2=phone,"
    "Mobile Phone=phone,Car Phone,Other Phone=phone,Primary Phone=phone,Pager,Business Fax,Home Fax,"
    "Other Fax,Company Main Phone=phone,Callback,IMAddress,Job Title,Department,Company=company,"
    "Office Location,Manager's Name,Assistant's Name,Assistant's Phone,Company Yomi,"
    "Business Street=address,Business City=city,Business State=region,Business Postal Code=postcode,"
    "Business Country/Region=country,Home Street,Personal Web Page,Spouse,Location,Birthday,"
    "Anniversary,Notes=notes",
    "google_outlook": "First Name=first_name,Middle Name,Last Name=last_name,Title,Suffix,Initials,"
    "Web Page,Gender,Birthday,Anniversary,Location,Language,Internet Free Busy,Notes=notes,"
    "E-mail Address=email,E-mail 2 Address=email,E-mail 3 Address=email,Primary Phone=phone,"
    "Home Phone=phone,Categories",
}


IMPORTS = Path(__file__).parents[1] / "imports"


def seen(name: str) -> tuple[list[str], list[str | None]]:
    """A program's header, and the field of each column."""
    pairs = [column.partition("=") for column in SEEN[name].split(",")]
    return [header for header, _, _ in pairs], [field or None for _, _, field in pairs]


def export(name: str) -> Export:
    return next(one for one in exports() if one.name == name)


def test_there_is_a_header_for_every_export_and_an_export_for_every_header() -> None:
    assert list(SEEN) == [one.name for one in exports()]


@pytest.mark.parametrize("name", SEEN)
def test_an_export_is_known_by_its_header_and_none_before_it_claims_it(name: str) -> None:
    header, _ = seen(name)

    found = recognised(header)

    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("name", SEEN)
def test_a_sample_of_an_export_is_known_for_what_it_is(name: str) -> None:
    rows = open_rows(IMPORTS / f"{name}.csv", name)

    found = recognised(rows.table.header)

    assert found is not None
    assert found.name == name
    assert [len(row) for _, row in rows] == [len(rows.table.header)] * 3


@pytest.mark.parametrize("name", SEEN)
def test_every_column_of_an_export_is_the_field_it_should_be(name: str) -> None:
    header, fields = seen(name)

    found = dict(zip(header, export(name).fields(header), strict=True))

    assert found == dict(zip(header, fields, strict=True))


@pytest.mark.parametrize("name", SEEN)
def test_without_a_column_of_its_signature_an_export_is_not_known(name: str) -> None:
    header, _ = seen(name)
    for sign in export(name).signature:
        rest = [one for one in header if signed(one) != sign]

        assert recognised(rest) != export(name), sign


@pytest.mark.parametrize("one", exports(), ids=lambda one: one.name)
def test_an_export_is_written_as_it_is_compared(one: Export) -> None:
    assert [signed(sign) for sign in one.signature] == list(one.signature)
    assert all(name == evened(name) or "#" in name for name in one.columns)
    assert set(one.columns.values()) <= {*FIELDS, ""}
    assert set(one.values) <= set(one.columns)
    assert all(word == fold(word) for words in one.values.values() for word in words)
    assert one.title and one.source


def test_headers_are_compared_trimmed_without_case_stars_and_double_spaces() -> None:
    assert recognised(["  DEAL  -  Title * ", "x"]) == export("pipedrive_deals")


def test_a_list_of_ones_own_is_no_export() -> None:
    assert recognised(["Name", "Email", "Last order", "Status", "Labels"]) is None
    assert recognised([]) is None


def test_a_header_that_an_export_does_not_know_goes_by_its_name() -> None:
    header = [*seen("mailchimp")[0], "Phone Number", "Shoe size"]

    assert export("mailchimp").fields(header)[-2:] == ["phone", None]


@pytest.mark.parametrize("name", SEEN)
def test_a_creation_date_is_never_a_purchase(name: str) -> None:
    header, _ = seen(name)

    found = zip(header, export(name).fields(header), strict=True)

    dates = [one for one, field in found if field in ("first_purchase", "last_purchase")]
    assert set(dates) <= {"First Visit", "Last Visit", "Deal - Won time"}


@pytest.mark.parametrize(
    ("name", "column", "word", "means"),
    [
        ("stripe", "status", "canceled", "lapsed"),
        ("stripe", "status", "active", ""),
        ("stripe", "status", "past_due", ""),
        ("quickbooks_desktop", "active status", "inactive", "lapsed"),
        ("quickbooks_desktop", "active status", "active", ""),
        ("square", "email subscription status", "unsubscribed", "yes"),
        ("square", "email subscription status", "unknown", "no"),
        ("square", "email subscription status", "", "no"),
    ],
)
def test_words_of_a_program_stand_for_ours(name: str, column: str, word: str, means: str) -> None:
    words = export(name).values[column]

    assert words.get(word, words["*"]) == means


@pytest.mark.parametrize("name", ["shopify", "shopify_2019", "woo_server", "quickbooks_online", "stripe"])
def test_what_an_export_lacks_is_said(name: str) -> None:
    assert "no date of the last" in export(name).note


def test_ids_of_people_and_of_firms_are_apart_where_a_program_numbers_each() -> None:
    spaces = [export(name).source for name in ("hubspot_contacts", "hubspot_companies", "hubspot_deals")]
    spaces += [export(name).source for name in ("pipedrive_people", "pipedrive_orgs", "pipedrive_deals")]

    assert len(set(spaces)) == 6
    assert export("shopify").source == export("shopify_2019").source
