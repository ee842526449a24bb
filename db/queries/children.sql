-- The children of incidents: the shape in which they are shown, and how they are written. As for
-- incidents, a new field is a column, and a line in the columns and in the patch below.

-- name: child_columns
-- A child as the API shows it.
-- fragment
c.id,
c.incident_id,
c.version,
c.external_id,
c.index_child,
c.unnamed,
c.role,
c.nature,
c.unborn,
c.expected_on,
c.age_years,
c.age_days,
c.sex,
c.gender,
c.ethnicity,
c.disabilities,
c.mental_health_condition,
c.autism,
c.send_status,
c.known_to_any_agency,
c.csc_status,
c.cp_plan,
c.cp_category,
c.cp_started_on,
c.cp_ended_on,
c.cp_plan_number,
c.lac_status,
c.legal_status,
c.placement_type,
c.placement_provider,
c.placed_out_of_area,
c.host_la,
c.dfe_placement_group,
c.returned_home_after_court,
c.court_order_history,
c.education_status,
c.flags,
instant_text(c.created_at) AS created_at,
instant_text(c.updated_at) AS updated_at

-- name: children_insert
-- New children of an incident in the order given, after those it has.
-- $1 incident_id, $2 children (json array of objects, each with its id)
INSERT INTO child AS c
SELECT written.*
  FROM (SELECT coalesce(max(known.position), 0) AS position
          FROM child AS known
         WHERE known.partnership_id = tenant()
           AND known.incident_id = $1::uuid) AS last
  JOIN incident AS owner ON owner.partnership_id = tenant() AND owner.id = $1::uuid
 CROSS JOIN jsonb_array_elements($2::jsonb) WITH ORDINALITY AS given (child, number)
 CROSS JOIN LATERAL jsonb_populate_record(NULL::child,
         '{"index_child": false}'::jsonb || given.child || jsonb_build_object(
           'partnership_id', tenant(),
           'incident_id', $1::uuid,
           'created_by_agency_id', owner.created_by_agency_id,
           'version', 1,
           'position', last.position + given.number,
           'created_at', now(),
           'updated_at', now())) AS written
RETURNING c.id;

-- name: children_patch
-- Changes children of an incident, after incident_patch has checked the version of the whole. A
-- child that stays the same keeps its version.
-- $1 incident_id, $2 children (json array of objects, each with its id)
UPDATE child AS c
   SET version = c.version + 1,
       updated_at = now(),
       (
         external_id, index_child, unnamed, role, nature, unborn, expected_on, age_years,
         age_days, sex, gender, ethnicity, disabilities, mental_health_condition, autism,
         send_status, known_to_any_agency, csc_status, cp_plan, cp_category, cp_started_on,
         cp_ended_on, cp_plan_number, lac_status, legal_status, placement_type,
         placement_provider, placed_out_of_area, host_la, dfe_placement_group,
         returned_home_after_court, court_order_history, education_status, flags
       ) = (
         SELECT p.external_id, p.index_child, p.unnamed, p.role, p.nature, p.unborn,
                p.expected_on, p.age_years, p.age_days, p.sex, p.gender, p.ethnicity,
                p.disabilities, p.mental_health_condition, p.autism, p.send_status,
                p.known_to_any_agency, p.csc_status, p.cp_plan, p.cp_category, p.cp_started_on,
                p.cp_ended_on, p.cp_plan_number, p.lac_status, p.legal_status, p.placement_type,
                p.placement_provider, p.placed_out_of_area, p.host_la, p.dfe_placement_group,
                p.returned_home_after_court, p.court_order_history, p.education_status, p.flags
           FROM jsonb_populate_record(c, given.child) AS p
       )
  FROM jsonb_array_elements($2::jsonb) AS given (child)
 WHERE c.partnership_id = tenant()
   AND c.incident_id = $1::uuid
   AND c.id = (given.child ->> 'id')::uuid
   AND c IS DISTINCT FROM jsonb_populate_record(c, given.child)
RETURNING c.id;

-- name: child_get
-- One child of an incident.
-- stored
-- $1 incident_id, $2 child_id
SELECT {{child_columns}}
  FROM child AS c
 WHERE c.partnership_id = tenant()
   AND c.incident_id = $1::uuid
   AND c.id = $2::uuid;

-- name: child_list
-- The children of an incident in the order in which they were listed.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 incident_id
SELECT {{child_columns}},
       c.position AS "_key",
       c.id AS "_id"
  FROM child AS c
 WHERE c.partnership_id = tenant()
   AND c.incident_id = $4::uuid
   AND (c.position, c.id) > (
     CASE WHEN $2::integer IS NULL THEN 0 ELSE $2::integer END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY c.position, c.id
 LIMIT $1::integer;
