-- The action plan of a review: its recommendations, and the actions that follow from them or from the
-- review itself.

-- name: action_plan_review
-- $1 review_id
SELECT r.id,
       r.version,
       r.type,
       r.reference,
       r.title,
       coalesce((SELECT json_agg(l.incident_id)
                   FROM review_incident AS l
                  WHERE l.partnership_id = r.partnership_id
                    AND l.review_id = r.id
                    AND l.removed_at IS NULL), '[]') AS incident_ids
  FROM review AS r
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid;

-- name: action_plan_recommendations
-- With the agencies that each is addressed to, as they were called then and are now.
-- $1 review_id, $2 today
SELECT {{recommendation_columns}},
       (SELECT coalesce(json_agg(json_build_object(
                 'agency_id', g.id,
                 'agency_name', agency_name_on(g.id, r.made_on),
                 'current_agency_id', agency_on(g.id, $2::date),
                 'current_agency_name', agency_name_on(g.id, $2::date)) ORDER BY g.slug), '[]')
          FROM agency AS g
         WHERE g.partnership_id = r.partnership_id
           AND g.id = ANY (r.addressee_agency_ids)) AS addressee_agencies
  FROM recommendation AS r
 WHERE r.partnership_id = tenant()
   AND r.review_id = $1::uuid
 ORDER BY plan_place(r.number), r.created_at, r.id;

-- name: action_plan_actions
-- With what shows that each was done, and what the checks of it found.
-- $1 review_id, $2 today
SELECT {{action_columns}},
       (SELECT coalesce(json_agg(json_build_object(
                 'id', e.id, 'on', e."on", 'kind', e.kind, 'shows', e.shows,
                 'description', e.description, 'agency_id', e.agency_id) ORDER BY e."on", e.id), '[]')
          FROM action_evidence AS e
         WHERE e.partnership_id = a.partnership_id
           AND e.action_id = a.id) AS evidence,
       (SELECT coalesce(json_agg(json_build_object(
                 'id', s.id, 'on', s."on", 'assured_by', s.assured_by, 'outcome', s.outcome,
                 'note', s.note, 'next_due_on', s.next_due_on) ORDER BY s."on", s.created_at), '[]')
          FROM action_assurance AS s
         WHERE s.partnership_id = a.partnership_id
           AND s.action_id = a.id) AS assurances
  FROM {{action_from}}
 WHERE a.partnership_id = tenant()
   AND a.review_id = $1::uuid
 ORDER BY plan_place(a.number), a.created_at, a.id;

-- name: action_plan_agencies
-- Whom a sheet may name.
SELECT g.id,
       g.slug,
       g.name,
       g.valid_to
  FROM agency AS g
 WHERE g.partnership_id = tenant()
 ORDER BY g.slug;
