CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE command (
	id INTEGER NOT NULL, 
	name VARCHAR(40) NOT NULL, 
	"by" VARCHAR NOT NULL, 
	at VARCHAR(20) NOT NULL, 
	as_of BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);

CREATE TABLE playbook (
	digest VARCHAR(64) NOT NULL, 
	name VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	tree TEXT NOT NULL, 
	PRIMARY KEY (digest)
);

CREATE TABLE batch (
	id INTEGER NOT NULL, 
	command_id INTEGER NOT NULL, 
	file VARCHAR NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	counts TEXT NOT NULL, state VARCHAR(10) DEFAULT 'done' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(command_id) REFERENCES command (id)
);

CREATE INDEX ix_batch_key ON batch ("key");

CREATE TABLE suppression (
	id INTEGER NOT NULL, 
	command_id INTEGER NOT NULL, 
	reason VARCHAR NOT NULL, 
	"by" VARCHAR NOT NULL, 
	"on" DATE NOT NULL, lifted TEXT DEFAULT '' NOT NULL, batch_id INTEGER, 
	PRIMARY KEY (id), 
	FOREIGN KEY(command_id) REFERENCES command (id)
);

CREATE TABLE suppression_key (
	id INTEGER NOT NULL, 
	suppression_id INTEGER NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(suppression_id) REFERENCES suppression (id) ON DELETE CASCADE
);

CREATE INDEX ix_suppression_key_hash ON suppression_key (hash);

CREATE TABLE casefile (
	id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	playbook VARCHAR(64) NOT NULL, 
	status VARCHAR(10) NOT NULL, 
	outcome VARCHAR(12), 
	stage VARCHAR(10) NOT NULL, 
	step VARCHAR NOT NULL, 
	opened_at VARCHAR(20) NOT NULL, 
	closed_at VARCHAR(20), 
	seq INTEGER NOT NULL, 
	head VARCHAR(64) NOT NULL, 
	breaches TEXT NOT NULL, reason VARCHAR DEFAULT '' NOT NULL, said TEXT DEFAULT '' NOT NULL, fix INTEGER, chance FLOAT, contact VARCHAR(12) DEFAULT '' NOT NULL, scope VARCHAR(12) DEFAULT '' NOT NULL, theory VARCHAR(12) DEFAULT '' NOT NULL, complaint VARCHAR(12) DEFAULT '' NOT NULL, verdict VARCHAR(12) DEFAULT '' NOT NULL, product VARCHAR DEFAULT '' NOT NULL, referred BOOLEAN, figures VARCHAR DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(customer_id) REFERENCES "customer_row" (id), 
	FOREIGN KEY(playbook) REFERENCES playbook (digest)
);

CREATE INDEX ix_case_status ON casefile (status, stage);

CREATE UNIQUE INDEX ux_case_number ON casefile (customer_id, number);

CREATE UNIQUE INDEX ux_case_unclosed ON casefile (customer_id) WHERE status != 'closed';

CREATE TABLE event (
	id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	kind VARCHAR(12) NOT NULL, 
	"by" VARCHAR NOT NULL, 
	happened DATE NOT NULL, 
	recorded VARCHAR(20) NOT NULL, 
	command_id INTEGER NOT NULL, 
	as_of BOOLEAN NOT NULL, 
	body TEXT NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(case_id) REFERENCES casefile (id), 
	FOREIGN KEY(command_id) REFERENCES command (id)
);

CREATE UNIQUE INDEX ux_event_seq ON event (case_id, seq);

CREATE TABLE about (
	name VARCHAR(20) NOT NULL, 
	value VARCHAR NOT NULL, 
	PRIMARY KEY (name)
);

CREATE TABLE due (
	id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	how_rank INTEGER NOT NULL, 
	revenue INTEGER, 
	case_id INTEGER NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	opens_on DATE NOT NULL, 
	due_on DATE NOT NULL, 
	what VARCHAR NOT NULL, 
	ref INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(customer_id) REFERENCES "customer_row" (id), 
	FOREIGN KEY(case_id) REFERENCES casefile (id) ON DELETE CASCADE
);

CREATE INDEX ix_due_case_id ON due (case_id);

CREATE INDEX ix_due_customer_id ON due (customer_id);

CREATE INDEX ix_due_on ON due (due_on, how_rank, revenue DESC, id, opens_on, kind);

CREATE INDEX ix_due_opens ON due (opens_on, due_on, id);

CREATE VIRTUAL TABLE case_text USING fts5(said, content='casefile', content_rowid='id', detail=none, columnsize=0, tokenize='unicode61 remove_diacritics 2');

CREATE TRIGGER case_text_insert AFTER INSERT ON casefile BEGIN INSERT INTO case_text (rowid, said) VALUES (new.id, new.said); END;

CREATE TRIGGER case_text_delete AFTER DELETE ON casefile BEGIN INSERT INTO case_text (case_text, rowid, said) VALUES ('delete', old.id, old.said); END;

CREATE TRIGGER case_text_update AFTER UPDATE OF said ON casefile BEGIN INSERT INTO case_text (case_text, rowid, said) VALUES ('delete', old.id, old.said);INSERT INTO case_text (rowid, said) VALUES (new.id, new.said); END;

CREATE TABLE change (
	batch_id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	field VARCHAR(20) NOT NULL, 
	old TEXT NOT NULL, 
	new TEXT NOT NULL, 
	PRIMARY KEY (batch_id, customer_id, field)
)
 WITHOUT ROWID

;

CREATE TABLE "customer_row" (
	id INTEGER NOT NULL, 
	source VARCHAR(40) DEFAULT '' NOT NULL, 
	external_id VARCHAR, 
	name VARCHAR NOT NULL, 
	company VARCHAR NOT NULL, 
	folded VARCHAR NOT NULL, 
	city VARCHAR NOT NULL, 
	country VARCHAR NOT NULL, 
	owner VARCHAR NOT NULL, 
	how_left VARCHAR NOT NULL, 
	how_rank INTEGER NOT NULL, 
	reason VARCHAR NOT NULL, 
	notes TEXT NOT NULL, 
	first_purchase DATE, 
	last_purchase DATE, 
	orders INTEGER, 
	revenue INTEGER, 
	currency VARCHAR NOT NULL, 
	edited VARCHAR NOT NULL, 
	batch_id INTEGER, 
	suppression_id INTEGER, 
	case_status VARCHAR, 
	case_id INTEGER, 
	list_on VARCHAR(10) DEFAULT '9999-12-30' NOT NULL, regularity FLOAT, cancelled VARCHAR(10) DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(batch_id) REFERENCES batch (id), 
	FOREIGN KEY(suppression_id) REFERENCES suppression (id)
);

CREATE INDEX ix_customer_due ON customer_row (list_on, id) WHERE list_on < '9999-12-30';

CREATE INDEX ix_customer_status ON customer_row (case_status, list_on) WHERE case_status IS NOT NULL;

CREATE INDEX ix_customer_alone ON customer_row (suppression_id, case_status) WHERE suppression_id IS NOT NULL;

CREATE TABLE "contact_point" (
	customer_id INTEGER NOT NULL, 
	place INTEGER NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	value VARCHAR NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	PRIMARY KEY (customer_id, place), 
	FOREIGN KEY(customer_id) REFERENCES customer_row (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;

CREATE TABLE identity (
	mark BIGINT NOT NULL, 
	customer_id INTEGER NOT NULL, 
	PRIMARY KEY (mark, customer_id)
)
 WITHOUT ROWID

;

CREATE TABLE former (
	customer_id INTEGER NOT NULL, 
	identity VARCHAR NOT NULL, 
	PRIMARY KEY (customer_id, identity), 
	FOREIGN KEY(customer_id) REFERENCES customer_row (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;

CREATE VIRTUAL TABLE customer_text USING fts5(folded, notes, content='customer_row', content_rowid='id', detail=none, columnsize=0, tokenize='unicode61 remove_diacritics 2');

CREATE TRIGGER customer_words AFTER UPDATE OF folded, notes ON customer_row BEGIN INSERT INTO customer_text (customer_text, rowid, folded, notes) VALUES ('delete', old.id, old.folded, old.notes); INSERT INTO customer_text (rowid, folded, notes) VALUES (new.id, new.folded, new.notes); END;

CREATE TRIGGER customer_due AFTER UPDATE OF how_rank, revenue ON customer_row BEGIN UPDATE due SET how_rank = new.how_rank, revenue = new.revenue WHERE customer_id = new.id; END;

CREATE TABLE fix (
	id INTEGER NOT NULL, 
	command_id INTEGER NOT NULL, 
	what VARCHAR NOT NULL, 
	owner VARCHAR NOT NULL, 
	due DATE, 
	cost INTEGER, 
	currency VARCHAR(3) NOT NULL, 
	state VARCHAR(8) NOT NULL, 
	done_on DATE, 
	PRIMARY KEY (id), 
	FOREIGN KEY(command_id) REFERENCES command (id)
);

CREATE INDEX ix_fix_state ON fix (state, due);

CREATE INDEX ix_case_fix ON casefile (fix) WHERE fix IS NOT NULL;

CREATE TABLE concession (
	case_id INTEGER NOT NULL, 
	place INTEGER NOT NULL, 
	kind VARCHAR(24) NOT NULL, 
	terms VARCHAR NOT NULL, 
	cost INTEGER, 
	currency VARCHAR(3) NOT NULL, 
	expires DATE, 
	reason VARCHAR NOT NULL, 
	PRIMARY KEY (case_id, place), 
	FOREIGN KEY(case_id) REFERENCES casefile (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;

CREATE INDEX ix_concession_kind ON concession (kind, reason);

CREATE TABLE message (
	id INTEGER NOT NULL, 
	command_id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	fix_id INTEGER, 
	stage VARCHAR(10) NOT NULL, 
	"to" VARCHAR NOT NULL, 
	to_name VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	message_id VARCHAR NOT NULL, 
	"by" VARCHAR NOT NULL, 
	at VARCHAR(20) NOT NULL, 
	approved_by VARCHAR NOT NULL, 
	claimed_at VARCHAR(20), 
	settled_at VARCHAR(20), 
	detail VARCHAR NOT NULL, 
	waived TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(command_id) REFERENCES command (id), 
	FOREIGN KEY(case_id) REFERENCES casefile (id), 
	FOREIGN KEY(fix_id) REFERENCES fix (id)
);

CREATE INDEX ix_message_state ON message (state, id);

CREATE INDEX ix_message_case_id ON message (case_id);

CREATE UNIQUE INDEX ux_message_id ON message (message_id);

CREATE VIEW customer AS SELECT * FROM customer_row WHERE +id > 0 AND (batch_id IS NULL
    OR batch_id NOT IN (SELECT b.id FROM batch b WHERE b.state = 'staging'));

CREATE TABLE score (
	customer_id INTEGER NOT NULL, 
	rank FLOAT, 
	chance FLOAT, 
	value INTEGER, 
	"on" VARCHAR(10) NOT NULL, 
	currency VARCHAR(3) DEFAULT '' NOT NULL, 
	PRIMARY KEY (customer_id)
);

CREATE TABLE ranking (
	how_rank INTEGER NOT NULL, 
	worth FLOAT NOT NULL, 
	customer_id INTEGER NOT NULL, 
	PRIMARY KEY (how_rank, worth, customer_id)
)
 WITHOUT ROWID

;

CREATE INDEX ix_case_reason ON casefile (reason, opened_at) WHERE reason != '';

CREATE TABLE purchase (
	customer_id INTEGER NOT NULL, 
	day VARCHAR(10) NOT NULL, 
	currency VARCHAR(3) NOT NULL, 
	amount INTEGER NOT NULL, 
	batch_id INTEGER NOT NULL, 
	count INTEGER NOT NULL, 
	PRIMARY KEY (customer_id, day, currency, amount, batch_id), 
	FOREIGN KEY(customer_id) REFERENCES customer_row (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;

CREATE INDEX ix_purchase_batch ON purchase (batch_id, customer_id);

CREATE INDEX ix_event_acts ON event (kind, case_id, seq) WHERE kind IN ('promised', 'kept', 'broken', 'checked_in', 'undone');

CREATE INDEX ix_case_learning ON casefile (customer_id, opened_at, status, outcome, closed_at, contact, reason, chance, stage, playbook);

CREATE INDEX ix_event_costs ON event (case_id) WHERE kind = 'answered' AND substr(body, 1, 27) = '{"fact": "decided.fix_cost"';

CREATE INDEX ix_event_touches ON event (case_id) WHERE kind IN ('touched', 'sent');

CREATE INDEX ix_change_bought ON change (customer_id, old, new) WHERE field = 'last_purchase';

CREATE TABLE survey (
	id INTEGER NOT NULL, 
	command_id INTEGER NOT NULL, 
	name VARCHAR(40) NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	title VARCHAR NOT NULL, 
	questions TEXT NOT NULL, 
	"on" DATE NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(command_id) REFERENCES command (id)
);

CREATE UNIQUE INDEX ux_survey_name ON survey (name);

CREATE TABLE invitation (
	code VARCHAR(16) NOT NULL, 
	survey_id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	"on" DATE NOT NULL, 
	spare BOOLEAN NOT NULL, 
	PRIMARY KEY (code), 
	FOREIGN KEY(survey_id) REFERENCES survey (id), 
	FOREIGN KEY(customer_id) REFERENCES customer_row (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;

CREATE UNIQUE INDEX ux_invitation_customer ON invitation (customer_id, survey_id);

CREATE INDEX ix_invitation_survey ON invitation (survey_id);

CREATE TABLE reply (
	id INTEGER NOT NULL, 
	command_id INTEGER NOT NULL, 
	survey_id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	batch_id INTEGER, 
	"on" DATE NOT NULL, 
	answers TEXT NOT NULL, 
	call_back BOOLEAN NOT NULL, 
	suggested VARCHAR NOT NULL, 
	confidence FLOAT, 
	reason VARCHAR NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	case_id INTEGER, 
	PRIMARY KEY (id), 
	FOREIGN KEY(command_id) REFERENCES command (id), 
	FOREIGN KEY(survey_id) REFERENCES survey (id), 
	FOREIGN KEY(customer_id) REFERENCES customer_row (id) ON DELETE CASCADE, 
	FOREIGN KEY(case_id) REFERENCES casefile (id) ON DELETE SET NULL
);

CREATE UNIQUE INDEX ux_reply_customer ON reply (survey_id, customer_id);

CREATE INDEX ix_reply_customer ON reply (customer_id);

CREATE TABLE certificate (
	id INTEGER NOT NULL, 
	command_id INTEGER NOT NULL, 
	"on" DATE NOT NULL, 
	"by" VARCHAR NOT NULL, 
	counts TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(command_id) REFERENCES command (id)
);

CREATE TABLE past (
	id INTEGER NOT NULL, 
	playbook VARCHAR NOT NULL, 
	status VARCHAR(10) NOT NULL, 
	outcome VARCHAR(12) NOT NULL, 
	stage VARCHAR(10) NOT NULL, 
	reason VARCHAR NOT NULL, 
	opened VARCHAR(7) NOT NULL, 
	closed VARCHAR(7) NOT NULL, 
	PRIMARY KEY (id)
);

CREATE TRIGGER customer_added AFTER INSERT ON customer_row WHEN new.batch_id IS NULL BEGIN INSERT INTO customer_text (rowid, folded, notes) VALUES (new.id, new.folded, new.notes); INSERT OR IGNORE INTO ranking SELECT new.how_rank, coalesce((SELECT -s.rank FROM score s WHERE s.customer_id = new.id), 1e300), new.id WHERE new.id > 0 AND new.suppression_id IS NULL AND new.case_status IS NULL; END;

CREATE TRIGGER customer_gone AFTER DELETE ON customer_row BEGIN INSERT INTO customer_text (customer_text, rowid, folded, notes) VALUES ('delete', old.id, old.folded, old.notes); DELETE FROM ranking WHERE how_rank = old.how_rank AND customer_id = old.id AND worth = coalesce((SELECT -s.rank FROM score s WHERE s.customer_id = old.id), 1e300); DELETE FROM score WHERE customer_id = old.id; END;

CREATE TRIGGER customer_rank AFTER UPDATE OF how_rank, suppression_id, case_status ON customer_row BEGIN DELETE FROM ranking WHERE how_rank = old.how_rank AND customer_id = old.id AND worth = coalesce((SELECT -s.rank FROM score s WHERE s.customer_id = old.id), 1e300); INSERT OR IGNORE INTO ranking SELECT new.how_rank, coalesce((SELECT -s.rank FROM score s WHERE s.customer_id = new.id), 1e300), new.id WHERE new.id > 0 AND new.suppression_id IS NULL AND new.case_status IS NULL; END;

