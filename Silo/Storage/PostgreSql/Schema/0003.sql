-- Version 3: what the program built with Orleans needs to find its silos. The built-in engine uses none of it. Orleans' ADO.NET clustering
-- takes each statement that it runs from OrleansQuery: the keys, the names of parameters and columns, and what a result means are its
-- interface; the tables behind them are ours. Programs that know only an older version work beside it.

-- Raised with every change of a silo's status, so that changes have an order: whoever changes one must have seen the last change.
create table orleans_view(
    deployment text primary key,
    version integer not null);

-- One row per start of a silo's process.
create table orleans_member(
    deployment text not null references orleans_view,
    address text not null,
    port integer not null,
    generation integer not null,
    silo_name text not null,
    host_name text not null,
    -- 1 created, 2 joining, 3 active, 4 shutting down, 5 stopping, 6 dead.
    status integer not null,
    proxy_port integer,
    -- Who took it for dead, and when; in Orleans' notation.
    suspects text,
    started_at timestamptz not null,
    -- Written every few seconds by its own process, by its own clock.
    alive_at timestamptz not null,
    primary key (deployment, address, port, generation)) with (fillfactor = 50);

create table OrleansQuery(
    QueryKey text primary key,
    QueryText text not null);

insert into OrleansQuery values
('InsertMembershipVersionKey', $sql$
with made as (
    insert into orleans_view values (@DeploymentId, 0) on conflict do nothing returning 1)
select count(*)::integer from made
$sql$),
('InsertMembershipKey', $sql$
with raised as (
    update orleans_view set version = version + 1
    where deployment = @DeploymentId and version = @Version and not exists (
        select from orleans_member
        where deployment = @DeploymentId and address = @Address and port = @Port and generation = @Generation)
    returning deployment),
made as (
    insert into orleans_member(
        deployment, address, port, generation, silo_name, host_name, status, proxy_port, started_at, alive_at)
    select deployment, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime from raised
    returning 1)
select count(*)::integer from made
$sql$),
('UpdateMembershipKey', $sql$
with raised as (
    update orleans_view set version = version + 1
    where deployment = @DeploymentId and version = @Version and exists (
        select from orleans_member
        where deployment = @DeploymentId and address = @Address and port = @Port and generation = @Generation)
    returning deployment),
changed as (
    update orleans_member m set status = @Status, suspects = @SuspectTimes, alive_at = @IAmAliveTime
    from raised where m.deployment = raised.deployment and m.address = @Address and m.port = @Port and m.generation = @Generation
    returning 1)
select count(*)::integer from changed
$sql$),
('UpdateIAmAlivetimeKey', $sql$
update orleans_member set alive_at = @IAmAliveTime
where deployment = @DeploymentId and address = @Address and port = @Port and generation = @Generation
$sql$),
-- Both reads give the version even where there is no member.
('MembershipReadAllKey', $sql$
select v.deployment as DeploymentId, m.address as Address, m.port as Port, m.generation as Generation, m.silo_name as SiloName,
    m.host_name as HostName, m.status as Status, m.proxy_port as ProxyPort, m.suspects as SuspectTimes, m.started_at as StartTime,
    m.alive_at as IAmAliveTime, v.version as Version
from orleans_view v left join orleans_member m on m.deployment = v.deployment
where v.deployment = @DeploymentId
$sql$),
('MembershipReadRowKey', $sql$
select v.deployment as DeploymentId, m.address as Address, m.port as Port, m.generation as Generation, m.silo_name as SiloName,
    m.host_name as HostName, m.status as Status, m.proxy_port as ProxyPort, m.suspects as SuspectTimes, m.started_at as StartTime,
    m.alive_at as IAmAliveTime, v.version as Version
from orleans_view v
left join orleans_member m
    on m.deployment = v.deployment and m.address = @Address and m.port = @Port and m.generation = @Generation
where v.deployment = @DeploymentId
$sql$),
('GatewaysQueryKey', $sql$
select address as Address, proxy_port as ProxyPort, generation as Generation
from orleans_member where deployment = @DeploymentId and status = @Status and proxy_port > 0
$sql$),
('CleanupDefunctSiloEntriesKey', $sql$
delete from orleans_member where deployment = @DeploymentId and alive_at < @IAmAliveTime and status <> 3
$sql$),
('DeleteMembershipTableEntriesKey', $sql$
delete from orleans_member where deployment = @DeploymentId;
delete from orleans_view where deployment = @DeploymentId
$sql$);

update schema_version set version = 3;
