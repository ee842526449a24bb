-- Whether a receiver answered with more than is kept: what has no end counts by its status and is left, and
-- whoever reads the attempt has to see that there was more.
ALTER TABLE delivery_attempt ADD COLUMN answer_cut boolean NOT NULL DEFAULT false;
