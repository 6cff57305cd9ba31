-- Up to which minute transactions that went badly were told.

{insert_if_absent} INTO judged_minutes (id, minute) VALUES (3, 0);
