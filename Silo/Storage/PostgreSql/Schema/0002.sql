-- Version 2: the silos of the cluster, see Cluster/PostgresMembershipTable. Programs that know only version 1 work beside it; they are
-- no members.

-- Raised with every change of who is a member and in what status, and locked by whoever makes one, so that changes have an order.
create table silo_view(
    one integer primary key check (one = 1),
    version bigint not null);
insert into silo_view values (1, 0);

-- One row per start of a silo's process. Heartbeats change a row in place twice a second: no index holds what they change, and half of a
-- page stays free for them.
create table silo_member(
    host text collate "C" not null,
    port integer not null check (port between 1 and 65535),
    generation bigint not null check (generation >= 0),
    -- 0 joining, 1 active, 2 leaving, 3 dead; it only ever rises.
    status integer not null check (status between 0 and 3),
    -- A counter that only its own process raises. The others judge by its progress, over their own clocks.
    heartbeat bigint not null,
    -- For people to read.
    started_at bigint not null,
    program text not null,
    lowest_format integer not null,
    highest_format integer not null,
    -- By the clock of this server, so that no silo's clock decides what is old.
    dead_since bigint,
    primary key (host, port, generation)) with (fillfactor = 50);

update schema_version set version = 2;
