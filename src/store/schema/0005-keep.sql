-- What is not kept for ever goes with what points to it: who points to a raw or a notice is
-- found without reading the whole table.
CREATE INDEX post_raw ON post (raw) WHERE raw IS NOT NULL;
CREATE INDEX attachment_raw ON attachment (raw);
CREATE INDEX inbox_raw ON inbox (raw);
CREATE INDEX outbox_notice ON outbox (notice) WHERE notice IS NOT NULL;
