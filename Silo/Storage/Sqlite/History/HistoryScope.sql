-- Who may see what is decided here and nowhere else: a history read begins with these devices and reads by their current numbers only.

-- name: one_device
select d.id, d.device_no, p.hidden_us from device d join project p on p.id = d.project_id
where d.id = ?2 and d.project_id = ?1 and (?3 is null or d.site_id = ?3);

-- name: all_devices
select d.id, d.device_no, p.hidden_us from device d indexed by device_project join project p on p.id = d.project_id
where d.project_id = ?1 and (?2 is null or d.site_id = ?2) order by d.id;
