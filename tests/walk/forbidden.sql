-- every incident's events are numbered without a gap
SELECT incident_id, count(*), max(sequence) FROM event WHERE incident_id IS NOT NULL
 GROUP BY incident_id HAVING count(*) <> max(sequence);
-- every partnership's audit chain has every number
SELECT e.partnership_id, count(*), max(e.sequence), h.sequence FROM audit_entry AS e
  JOIN audit_head AS h ON h.partnership_id = e.partnership_id
 GROUP BY e.partnership_id, h.sequence HAVING count(*) <> max(e.sequence) OR max(e.sequence) <> h.sequence;
