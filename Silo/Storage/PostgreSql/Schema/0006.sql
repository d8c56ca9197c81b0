-- Version 6: what is left of a grain's state when it has been idle for long, see Upkeep/Pruning. Programs that know only an older version
-- work beside it: what they write makes another version of the state, and then nothing is taken away.

-- Since when the grain has had nothing under way; null while it has.
alter table work_state add column idle_at bigint;
-- What takes the place of the body then; empty: nothing, the row goes.
alter table work_state add column rest text;
-- The version that it is the rest of.
alter table work_state add column rest_version bigint;
-- For pruning.
create index work_state_idle on work_state(idle_at) where idle_at is not null;

update schema_version set version = 6;
