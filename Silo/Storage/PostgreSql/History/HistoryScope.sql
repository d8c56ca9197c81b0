-- Who may see what is decided here and nowhere else: a history read begins with these devices and reads by their current numbers only.

-- name: one_device
select d.id, d.device_no, p.hidden_us from device d join project p on p.id = d.project_id
where d.id = $2 and d.project_id = $1;

-- Devices with their series that have the metric and the asset (null: any); those without any are left out.
-- name: devices_with_series
select d.id, d.device_no, p.hidden_us, s.nos
from device d join project p on p.id = d.project_id
cross join lateral (
    select array_agg(series_no) as nos from series
    where device_no = d.device_no and ($5::text is null or metric = $5) and ($6::text is null or asset = $6)) s
where d.project_id = $1 and ($2::uuid is null or d.id = $2) and ($3::text is null or d.site_id = $3) and d.id > $4 and s.nos is not null
order by d.id limit $7;
