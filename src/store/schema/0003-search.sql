-- Published posts of a forum in the order they came: feeds and archives.
CREATE INDEX post_published ON post (forum, id) WHERE state = 'published';
