-- Version 1. Times are microseconds since the Unix epoch, hashes of bodies are 128 bits in a uuid, JSON is text. What is compared or
-- ordered by text has the collation "C", so that every installation orders as the program does.
-- Rules that the data of one device can break are a second safety: such a commit fails alone, see CommitWriter.

create table schema_version(
    one integer primary key check (one = 1),
    version integer not null,
    -- The oldest schema number that a program may know and still work with this database.
    oldest_program integer not null);

create table project(
    id uuid primary key,
    name text not null,
    created_at bigint not null,
    retention_days integer,
    version bigint not null,
    devices bigint not null default 0,
    -- Nothing before it is taken any more; only ever moves forward. NULL: everything is kept.
    floor_us bigint,
    raised_at bigint,
    -- Nothing before it is shown any more: follows the floor when that has been in force for a while, see Retention.
    hidden_us bigint,
    -- How far retention has deleted: everything before it is gone.
    purged_us bigint);
create index project_floor on project(id) where floor_us is not null;
create index project_purge on project(id) where hidden_us > coalesce(purged_us, '-9223372036854775808'::bigint);

create table api_key(
    id uuid primary key,
    project_id uuid not null,
    device_id uuid,
    secret_hash bytea not null,
    sealed_signing_key bytea not null,
    created_at bigint not null,
    expires_at bigint,
    revoked_at bigint);
create index api_key_device on api_key(device_id, created_at, id) where device_id is not null;

-- Internal device numbers: minted at each claim and never used again, so that a new owner never reads the former one's data.
create sequence device_number;

create table device(
    id uuid primary key,
    device_no bigint not null unique,
    project_id uuid not null,
    serial text collate "C" not null,
    model text collate "C" not null,
    site_id text collate "C",
    tags text not null,
    status integer not null,
    channel text not null,
    signature_required boolean not null,
    overrides text not null,
    created_at bigint not null,
    version bigint not null,
    config_offset bigint not null,
    constraint device_serial unique (project_id, serial));
create index device_project on device(project_id, id);

-- Written by every commit, in place: half of each page stays free so that a new version finds room beside the old one and no index changes.
create table twin(
    device_no bigint primary key,
    -- Compared by each commit, so that an activation from before a claim is turned away without a look into device.
    device_id uuid not null,
    version bigint not null,
    twin bytea not null) with (fillfactor = 50);
-- A twin is JSON that changes as a whole; compressing it would cost more than it saves.
alter table twin alter column twin set storage external;

create table series(
    device_no bigint not null,
    series_no integer not null,
    -- The first 8 bytes of a SHA-256 over the key: finds candidates, which are then compared in full.
    key_hash bigint not null,
    -- metric_key(metric): what chunks carry of the metric, for the index on (metric, time).
    metric_key integer not null,
    metric text collate "C" not null,
    unit text not null,
    asset text collate "C" not null,
    meta text not null,
    -- Where the series stood when the twin let go of it; null while it never did.
    mark_us bigint,
    last_value double precision,
    points bigint,
    primary key (device_no, series_no));
create index series_key on series(device_no, key_hash);
create index series_metric on series(metric, device_no, series_no);

-- 30 days in partitions of ten, dropped whole. No two rows of a batch can come to be, without an index that says so: a row is inserted only
-- with a new version of its device's twin, by a statement that has seen the ledger as of the version before. What is older than 30 days
-- and not yet dropped is passed over by every reader.
create table ledger(
    device_no bigint not null,
    received_at bigint not null,
    batch_id uuid not null,
    accepted integer not null,
    duplicates integer not null,
    rejected integer not null,
    body_hash bytea not null,
    answer bytea not null) partition by range (received_at);
create index ledger_batch on ledger(device_no, batch_id);
-- For lists, which ask for device_no + 0 and received_at + 0: were it on the plain columns, the planner would take it for an index as good
-- as the other while a partition is empty, and a commit, whose plan is kept, would ever after walk through all batches of its device.
create index ledger_device on ledger((device_no + 0), (received_at + 0));

create sequence telemetry_no cache 256;

-- Points as they came: one row a block of several series, at most 4,096 points of one UTC day. Appended, then merged away into chunks.
create table telemetry_block(
    block_no bigint not null default nextval('telemetry_no'),
    device_no bigint not null,
    t0 bigint not null,
    t1 bigint not null,
    correction_us bigint not null,
    added_at bigint not null,
    n integer not null,
    runs bytea not null,
    data bytea not null) partition by range (t0);
create index telemetry_block_time on telemetry_block(device_no, t0, t1);
create index telemetry_block_age on telemetry_block using brin (t0);
alter table telemetry_block alter column runs set storage main, alter column data set storage external;

-- Points after merging: one row a series, at most 4,096 points of one UTC day, all with the same correction.
create table telemetry_chunk(
    chunk_no bigint not null default nextval('telemetry_no'),
    device_no bigint not null,
    t0 bigint not null,
    t1 bigint not null,
    correction_us bigint not null,
    series_no integer not null,
    metric_key integer not null,
    n integer not null,
    min double precision not null,
    max double precision not null,
    sum double precision not null,
    first double precision not null,
    last double precision not null,
    data bytea not null) partition by range (t0);
create index telemetry_chunk_time on telemetry_chunk(device_no, t0, t1);
create index telemetry_chunk_series on telemetry_chunk(device_no, series_no, t0);
create index telemetry_chunk_metric on telemetry_chunk(metric_key, t0);
-- Packed already.
alter table telemetry_chunk alter column data set storage external;

create table device_event(
    device_no bigint not null,
    ts bigint not null,
    hash uuid not null,
    id uuid not null,
    event_type text collate "C" not null,
    category text,
    severity text not null,
    description text,
    duration_ms double precision,
    asset text,
    meta text not null,
    primary key (device_no, ts, hash)) partition by range (ts);
create index device_event_kind on device_event(device_no, event_type, ts, hash);

create table device_window(
    device_no bigint not null,
    ts bigint not null,
    hash uuid not null,
    metric text not null,
    window_s double precision,
    samples bigint,
    asset text,
    rate_hz double precision,
    encoding text,
    scale double precision not null,
    stats text not null,
    meta text not null,
    raw bytea not null,
    primary key (device_no, ts, hash)) partition by range (ts);

create table rejected(
    id bigint generated always as identity,
    device_no bigint not null,
    batch_id uuid not null,
    record_index integer not null,
    code text not null,
    detail text not null,
    received_at bigint not null,
    record text not null,
    primary key (device_no, id));
create index rejected_age on rejected(received_at);

create table firmware(
    id bigint generated always as identity primary key,
    device_no bigint not null,
    ts bigint not null,
    version text not null,
    source text not null);
create index firmware_device on firmware(device_no, ts, id);

-- Transitions that are committed and not yet confirmed. Numbers grow in the order of commits of one device.
create table outbox(
    id bigint generated always as identity primary key,
    shard integer not null,
    committed_at bigint not null,
    stream text collate "C" not null,
    receiver text collate "C" not null,
    device_id uuid not null,
    twin_version bigint not null,
    ordinal integer not null,
    transition text not null);
create unique index outbox_transition on outbox(device_id, twin_version, ordinal, stream, receiver);
create index outbox_shard on outbox(shard, id);
create index outbox_receiver on outbox(shard, stream, receiver, id);
-- Rows come and go within seconds.
alter table outbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

create table resource(
    project_id uuid not null,
    kind text collate "C" not null,
    id text collate "C" not null,
    version bigint not null,
    body text not null,
    primary key (project_id, kind, id));

create table grain_state(
    grain_type text collate "C" not null,
    grain_key text collate "C" not null,
    state_name text collate "C" not null,
    etag text not null,
    json text not null,
    primary key (grain_type, grain_key, state_name)) with (fillfactor = 70);

create table reminder(
    grain_id text collate "C" not null,
    name text collate "C" not null,
    grain_hash bigint not null,
    start_at bigint not null,
    period_us bigint not null,
    etag text not null,
    primary key (grain_id, name));
create index reminder_hash on reminder(grain_hash);

-- Where the months begin. Everything before it shares one early partition of each table, so that data of any age has its place. Set when
-- the database is made, 36 months back.
create table partition_start(
    one integer primary key check (one = 1),
    us bigint not null);

-- Makes a partition for [low, high) if there is none of that name, without blocking the readers and writers of the others: the new table is
-- filled in first, and attaching it takes a lock that they do not mind. CREATE TABLE ... PARTITION OF would wait for them, and all later
-- ones behind it.
create function make_partition(parent text, part text, low bigint, high bigint, options text) returns boolean language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtext('esocore.partition'));
    if exists (select from pg_inherits where inhrelid = to_regclass(part) and inhparent = to_regclass(parent) and not inhdetachpending) then
        return false;
    end if;
    execute format('create table %I (like %I including all) %s', part, parent, options);
    execute format(
        'alter table %I attach partition %I for values from (%s) to (%s)', parent, part,
        coalesce(low::text, 'minvalue'), coalesce(high::text, 'maxvalue'));
    return true;
end $$;

-- Stops the statement that calls it when rows that were to be replaced are no longer all there: somebody else has merged or deleted them.
create function expect_rows(gone bigint, expected bigint) returns boolean language plpgsql as $$
begin
    if gone <> expected then
        raise exception '% rows are gone where % were expected.', gone, expected using errcode = 'ES001';
    end if;
    return true;
end $$;

insert into schema_version values (1, 1, 1);
