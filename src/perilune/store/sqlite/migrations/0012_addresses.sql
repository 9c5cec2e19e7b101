-- What functions are called by below /fn/, besides their ids.  Functions that exist get none: nobody
-- has asked for an address that can be guessed.

ALTER TABLE functions ADD COLUMN address TEXT; -- Unicode NFC; NULL: only the id

CREATE UNIQUE INDEX functions_address ON functions (address) WHERE address IS NOT NULL;
