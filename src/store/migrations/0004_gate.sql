-- Why the last attempt failed, in one word (src/delivery/reason.h).
ALTER TABLE deliveries ADD COLUMN reason TEXT;
