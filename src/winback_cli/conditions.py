"""What a playbook says about facts: a fact's name, a condition on it, a length of time."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from winback_cli import dates, text
from winback_cli.case import Case

Left = Literal["departing", "upset", "lapsed", "content", "left"]


def _left(words: str) -> str:
    """Raises ValueError where nothing is left to be read once control signs are gone."""
    if not words.strip():
        raise ValueError("nothing is written here")
    return words


Sentence = Annotated[str, Field(max_length=1000), AfterValidator(text.clean), AfterValidator(_left)]
Line = Annotated[str, Field(max_length=300), AfterValidator(text.line), AfterValidator(_left)]
RuleId = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]{0,9}(\.[0-9]{1,3})?$")]
Sources = tuple[RuleId, ...]


class Model(BaseModel):
    """The ways of every model of a playbook: frozen, closed, quiet about values in its errors."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )


def _span(given: object) -> object:
    if isinstance(given, str):
        found = dates.span(given)
        if found.count < 0:
            raise ValueError("a wait cannot be negative")
        return found
    return given


Span = Annotated[dates.Span, BeforeValidator(_span, json_schema_input_type=str)]
Fact = Annotated[str, Field(json_schema_extra={"fact": True})]


class When(Model):
    """A condition on one fact. An unknown fact equals nothing."""

    fact: Fact
    is_: str | bool | None = Field(None, alias="is")
    is_not: str | bool | None = None
    one_of: tuple[str, ...] | None = None
    known: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "When":
        if self.is_ is None and self.is_not is None and self.one_of is None and self.known is None:
            raise ValueError("a condition needs one of is, is_not, one_of and known")
        return self

    def holds(self, case: Case) -> bool:
        """Whether the fact is as every key given here says."""
        value = case.facts.get(self.fact)
        if self.fact == "classified.reason" and isinstance(value, str):
            value = value.partition("/")[0]  # a playbook's leaf counts as its reason
        return (
            (self.is_ is None or value == self.is_)
            and (self.is_not is None or value != self.is_not)
            and (self.one_of is None or value in self.one_of)
            and (self.known is None or case.known(self.fact) == self.known)
        )


def _listed(given: object) -> object:
    return (given,) if isinstance(given, dict | When) else given


Conditions = Annotated[tuple[When, ...], BeforeValidator(_listed, json_schema_input_type=When | list[When])]
