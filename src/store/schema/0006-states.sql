-- How many posts and deliveries are in the states that few are in, without reading all of them.
CREATE INDEX post_decided ON post (state) WHERE state IN ('refused','hidden','withdrawn');
CREATE INDEX outbox_over ON outbox (state) WHERE state IN ('failed','cancelled','aside');
