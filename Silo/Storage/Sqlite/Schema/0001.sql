-- Version 1. Times are microseconds since the Unix epoch, ids 16-byte big-endian blobs, JSON is text.
-- Constraints that can be broken by the data of one device are a second safety: such a commit fails alone, see WriteGroup.

create table schema_version(
    one integer primary key check (one = 1),
    version integer not null,
    -- The oldest schema number that a program may know and still work with this file.
    oldest_program integer not null);

create table project(
    id blob primary key,
    name text not null,
    created_at integer not null,
    retention_days integer,
    version integer not null,
    devices integer not null default 0,
    -- Nothing before it is taken any more; only ever moves forward. NULL: everything is kept.
    floor_us integer,
    raised_at integer,
    -- Nothing before it is shown any more: follows the floor when that has been in force for a while, see Retention.
    hidden_us integer,
    -- How far retention has deleted: everything before it is gone.
    purged_us integer) without rowid;
create index project_floor on project(id) where floor_us is not null;
create index project_purge on project(id) where hidden_us > coalesce(purged_us, -9223372036854775808);

create table api_key(
    id blob primary key,
    project_id blob not null,
    device_id blob,
    secret_hash blob not null,
    sealed_signing_key blob not null,
    created_at integer not null,
    expires_at integer,
    revoked_at integer) without rowid;
create index api_key_device on api_key(device_id, created_at, id) where device_id is not null;

-- Internal device numbers: minted at each claim and never used again, so that a new owner never reads the former one's data.
create table device_number(
    device_no integer primary key autoincrement,
    device_id blob not null);

create table device(
    id blob primary key,
    device_no integer not null unique,
    project_id blob not null,
    serial text not null,
    model text not null,
    site_id text,
    tags text not null,
    status integer not null,
    channel text not null,
    signature_required integer not null,
    overrides text not null,
    created_at integer not null,
    version integer not null,
    config_offset integer not null,
    unique (project_id, serial)) without rowid;
create index device_project on device(project_id, id);

create table twin(
    device_no integer primary key,
    version integer not null,
    twin blob not null);

create table series(
    device_no integer not null,
    series_no integer not null,
    -- The first 8 bytes of a SHA-256 over the key: finds candidates, which are then compared in full.
    key_hash integer not null,
    metric text not null,
    unit text not null,
    asset text not null,
    meta text not null,
    -- Where the series stood when the twin let go of it; null while it never did.
    mark_us integer,
    last_value real,
    points integer,
    primary key (device_no, series_no)) without rowid;
create index series_key on series(device_no, key_hash);

create table ledger(
    id integer primary key,
    device_no integer not null,
    batch_id blob not null,
    body_hash blob not null,
    accepted integer not null,
    duplicates integer not null,
    rejected integer not null,
    received_at integer not null,
    answer blob not null,
    unique (device_no, batch_id));
create index ledger_device on ledger(device_no, received_at, batch_id);
create index ledger_age on ledger(received_at);

-- Points as they came: one row a block of several series, at most 4,096 points of one UTC day. Appended, then merged away into chunks.
create table batch_block(
    block_no integer primary key,
    device_no integer not null,
    t0 integer not null,
    t1 integer not null,
    n integer not null,
    correction_us integer not null,
    runs blob not null,
    data blob not null);
create index batch_block_time on batch_block(device_no, t0, t1);

-- How many blocks of a device and day wait to be merged. A hint so that nobody has to count: at least 1 while any block waits.
create table pending_merge(
    device_no integer not null,
    day integer not null,
    blocks integer not null,
    touched_at integer not null,
    primary key (device_no, day)) without rowid;

-- Points after merging: one row a series, at most 4,096 points of one UTC day, all with the same correction.
create table chunk(
    chunk_no integer primary key,
    device_no integer not null,
    series_no integer not null,
    t0 integer not null,
    t1 integer not null,
    n integer not null,
    min real,
    max real,
    sum real,
    first real,
    last real,
    correction_us integer not null,
    data blob not null);
create index chunk_time on chunk(device_no, t0, t1);
-- Covers what charts need of the chunks that lie within one bucket, so that they are summed without being opened.
create index chunk_series on chunk(device_no, series_no, t0, t1, n, min, max, sum);

create table event(
    event_no integer primary key,
    device_no integer not null,
    ts integer not null,
    hash blob not null,
    id blob not null,
    event_type text not null,
    category text,
    severity text not null,
    description text,
    duration_ms real,
    asset text,
    meta text not null,
    unique (device_no, ts, hash));
create index event_kind on event(device_no, event_type, ts, hash);

create table window(
    window_no integer primary key,
    device_no integer not null,
    ts integer not null,
    hash blob not null,
    metric text not null,
    window_s real,
    samples integer,
    asset text,
    rate_hz real,
    encoding text,
    scale real not null,
    stats text not null,
    meta text not null,
    -- Last, so that reading the other columns does not walk through it.
    raw blob not null,
    unique (device_no, ts, hash));

create table rejected(
    id integer primary key,
    device_no integer not null,
    batch_id blob not null,
    record_index integer not null,
    code text not null,
    detail text not null,
    received_at integer not null,
    record text not null);
create index rejected_device on rejected(device_no, id);
create index rejected_age on rejected(received_at);

create table firmware(
    id integer primary key,
    device_no integer not null,
    ts integer not null,
    version text not null,
    source text not null);
create index firmware_device on firmware(device_no, ts, id);

-- Transitions that are committed and not yet confirmed. Numbers grow in the order of commits.
create table outbox(
    id integer primary key autoincrement,
    shard integer not null,
    committed_at integer not null,
    stream text not null,
    receiver text not null,
    device_id blob not null,
    twin_version integer not null,
    ordinal integer not null,
    transition text not null,
    unique (stream, receiver, device_id, twin_version, ordinal));
create index outbox_shard on outbox(shard, id);
create index outbox_receiver on outbox(shard, stream, receiver, id);

create table resource(
    project_id blob not null,
    kind text not null,
    id text not null,
    version integer not null,
    body text not null,
    primary key (project_id, kind, id)) without rowid;

create table grain_state(
    grain_type text not null,
    grain_key text not null,
    state_name text not null,
    etag text not null,
    json text not null,
    primary key (grain_type, grain_key, state_name)) without rowid;

create table reminder(
    grain_id text not null,
    name text not null,
    grain_hash integer not null,
    start_at integer not null,
    period_us integer not null,
    etag text not null,
    primary key (grain_id, name)) without rowid;
create index reminder_hash on reminder(grain_hash);

insert into schema_version values (1, 1, 1);
