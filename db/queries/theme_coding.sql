-- The themes of reviews and incidents: coded by people, derived from the records of children, and
-- whether both agree.

-- name: theme_named_facts
-- What each theme that the record names is judged by; `coded` has those that stand already.
-- fragment
SELECT json_build_object('named_themes', coalesce((
         SELECT json_object_agg(named.id, json_build_object(
                  'label', t.label,
                  'is_coded', EXISTS (SELECT FROM coded AS c WHERE c.theme_id = t.id),
                  'used_from', t.used_from,
                  'retired_on', t.retired_on,
                  'retired_reason', t.retired_reason,
                  'replaced_by', t.replaced_by,
                  'replaced_by_label', (
                    SELECT o.label
                      FROM theme AS o
                     WHERE o.partnership_id = t.partnership_id AND o.id = t.replaced_by),
                  'set_from', s.valid_from,
                  'set_to', s.valid_to))
           FROM (SELECT DISTINCT n.item ->> 'theme_id' AS id
                   FROM jsonb_array_elements($1::jsonb -> 'themes') AS n (item)) AS named
           JOIN theme AS t ON t.partnership_id = tenant() AND t.id = named.id::uuid
           JOIN theme_set AS s ON s.partnership_id = t.partnership_id AND s.id = t.set_id), '{}'
       )) AS "_facts"

-- name: theme_wanted
-- The list of the record; what it does not say of a theme that is coded already stays.
-- fragment
SELECT DISTINCT ON (n.item ->> 'theme_id')
       (n.item ->> 'theme_id')::uuid AS theme_id,
       n.item ->> 'evidence' AS evidence,
       coalesce(n.item ->> 'coded_by', $1::jsonb ->> 'coded_by') AS coded_by,
       (n.item ->> 'coded_on')::date AS coded_on,
       coalesce(($1::jsonb ->> 'on')::date, $3::date) AS happened_on
  FROM jsonb_array_elements($1::jsonb -> 'themes') AS n (item)

-- name: theme_coding_columns
-- What stands for a theme t: coded (k, or null), and derived (d) where it can be.
-- fragment
json_build_object(
  'theme_id', t.id,
  'code', t.code,
  'label', t.label,
  'kind', t.kind,
  'set_code', s.code,
  'set_edition', s.edition,
  'coded', k.theme_id IS NOT NULL,
  'derived', CASE WHEN t.derivation IS NOT NULL THEN d.holds END,
  'agrees', CASE WHEN t.derivation IS NOT NULL THEN (k.theme_id IS NOT NULL) = d.holds END,
  'evidence', k.evidence,
  'coded_by', k.coded_by,
  'coded_on', k.coded_on)

-- name: theme_recoded
-- What is wanted and coded already: with its evidence, where that is said again.
-- fragment
SET version = c.version + 1,
       evidence = coalesce(excluded.evidence, c.evidence),
       coded_by = CASE
         WHEN excluded.evidence IS NULL THEN c.coded_by
         ELSE excluded.coded_by
       END,
       coded_on = (
         SELECT coalesce(w.coded_on, c.coded_on)
           FROM wanted AS w
          WHERE w.theme_id = c.theme_id)
 WHERE excluded.evidence IS DISTINCT FROM c.evidence
    OR EXISTS (
         SELECT FROM wanted AS w WHERE w.theme_id = c.theme_id AND w.coded_on <> c.coded_on)

-- name: theme_removed_list
-- The codings c of themes t that were removed, in their order.
-- fragment
json_agg(json_build_object(
                  'theme_id', t.id,
                  'label', t.label,
                  'evidence', c.evidence,
                  'coded_by', c.coded_by,
                  'coded_on', c.coded_on,
                  'removed_on', c.removed_on,
                  'removed_by', c.removed_by) ORDER BY c.removed_on, c.id)

-- name: review_theme_facts
-- What the coding of a review is judged by.
-- $1 record (json object), $2 review_id
WITH coded AS (
  SELECT c.theme_id
    FROM review_theme AS c
   WHERE c.partnership_id = tenant()
     AND c.review_id = $2::uuid
     AND c.removed_on IS NULL
)
{{theme_named_facts}};

-- name: review_theme_put
-- These themes and no others: what is left out is removed on the day, and stays to be seen.
-- $1 record (json object), $2 review_id, $3 today
WITH wanted AS (
  {{theme_wanted}}
), removed AS (
  UPDATE review_theme AS c
     SET version = c.version + 1,
         removed_on = greatest(c.coded_on, coalesce(($1::jsonb ->> 'on')::date, $3::date)),
         removed_by = $1::jsonb ->> 'coded_by'
   WHERE c.partnership_id = tenant()
     AND c.review_id = $2::uuid
     AND c.removed_on IS NULL
     AND NOT EXISTS (SELECT FROM wanted AS w WHERE w.theme_id = c.theme_id)
)
INSERT INTO review_theme AS c (partnership_id, review_id, id, version, theme_id, evidence, coded_by,
  coded_on, created_at)
SELECT tenant(), $2::uuid, gen_random_uuid(), 1, w.theme_id, w.evidence, w.coded_by,
       coalesce(w.coded_on, w.happened_on), now()
  FROM wanted AS w
ON CONFLICT (partnership_id, review_id, theme_id) WHERE removed_on IS NULL DO UPDATE
   {{theme_recoded}};

-- name: review_theme_get
-- A review's themes as a whole; its version is the review's.
-- stored
-- $1 review_id
SELECT r.id AS review_id,
       r.version,
       coalesce((
         SELECT json_agg({{theme_coding_columns}} ORDER BY t.kind, s.code, t.code)
           FROM theme AS t
           JOIN theme_set AS s ON s.partnership_id = t.partnership_id AND s.id = t.set_id
           LEFT JOIN review_theme AS k
             ON k.partnership_id = t.partnership_id
            AND k.review_id = r.id
            AND k.theme_id = t.id
            AND k.removed_on IS NULL
          CROSS JOIN LATERAL (
            SELECT t.derivation IS NOT NULL AND EXISTS (
                     SELECT
                       FROM review_incident AS l
                       JOIN child AS h
                         ON h.partnership_id = l.partnership_id AND h.incident_id = l.incident_id
                      WHERE l.partnership_id = r.partnership_id
                        AND l.review_id = r.id
                        AND l.removed_at IS NULL
                        AND child_has_theme(t.derivation, t.white_other_counts, h.unborn,
                              h.age_years, h.age_days, h.ethnicity)) AS holds) AS d
          WHERE t.partnership_id = tenant()
            AND (k.theme_id IS NOT NULL
              OR d.holds AND theme_is_in_use(t.used_from, t.retired_on,
                               (now() AT TIME ZONE 'Europe/London')::date))), '[]') AS themes,
       coalesce((
         SELECT {{theme_removed_list}}
           FROM review_theme AS c
           JOIN theme AS t ON t.partnership_id = c.partnership_id AND t.id = c.theme_id
          WHERE c.partnership_id = r.partnership_id
            AND c.review_id = r.id
            AND c.removed_on IS NOT NULL), '[]') AS removed
  FROM review AS r
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid;

-- name: incident_theme_facts
-- What the coding of an incident is judged by.
-- $1 record (json object), $2 incident_id
WITH coded AS (
  SELECT c.theme_id
    FROM incident_theme AS c
   WHERE c.partnership_id = tenant()
     AND c.incident_id = $2::uuid
     AND c.removed_on IS NULL
)
{{theme_named_facts}};

-- name: incident_theme_put
-- These themes and no others: what is left out is removed on the day, and stays to be seen.
-- $1 record (json object), $2 incident_id, $3 today
WITH wanted AS (
  {{theme_wanted}}
), removed AS (
  UPDATE incident_theme AS c
     SET version = c.version + 1,
         removed_on = greatest(c.coded_on, coalesce(($1::jsonb ->> 'on')::date, $3::date)),
         removed_by = $1::jsonb ->> 'coded_by'
   WHERE c.partnership_id = tenant()
     AND c.incident_id = $2::uuid
     AND c.removed_on IS NULL
     AND NOT EXISTS (SELECT FROM wanted AS w WHERE w.theme_id = c.theme_id)
)
INSERT INTO incident_theme AS c (partnership_id, incident_id, id, version, theme_id, evidence,
  coded_by, coded_on, created_at)
SELECT tenant(), $2::uuid, gen_random_uuid(), 1, w.theme_id, w.evidence, w.coded_by,
       coalesce(w.coded_on, w.happened_on), now()
  FROM wanted AS w
ON CONFLICT (partnership_id, incident_id, theme_id) WHERE removed_on IS NULL DO UPDATE
   {{theme_recoded}};

-- name: incident_theme_get
-- An incident's themes as a whole; its version is the incident's.
-- stored
-- $1 incident_id
SELECT i.id AS incident_id,
       i.version,
       coalesce((
         SELECT json_agg({{theme_coding_columns}} ORDER BY t.kind, s.code, t.code)
           FROM theme AS t
           JOIN theme_set AS s ON s.partnership_id = t.partnership_id AND s.id = t.set_id
           LEFT JOIN incident_theme AS k
             ON k.partnership_id = t.partnership_id
            AND k.incident_id = i.id
            AND k.theme_id = t.id
            AND k.removed_on IS NULL
          CROSS JOIN LATERAL (
            SELECT t.derivation IS NOT NULL AND EXISTS (
                     SELECT
                       FROM child AS h
                      WHERE h.partnership_id = i.partnership_id
                        AND h.incident_id = i.id
                        AND child_has_theme(t.derivation, t.white_other_counts, h.unborn,
                              h.age_years, h.age_days, h.ethnicity)) AS holds) AS d
          WHERE t.partnership_id = tenant()
            AND (k.theme_id IS NOT NULL
              OR d.holds AND theme_is_in_use(t.used_from, t.retired_on,
                               (now() AT TIME ZONE 'Europe/London')::date))), '[]') AS themes,
       coalesce((
         SELECT {{theme_removed_list}}
           FROM incident_theme AS c
           JOIN theme AS t ON t.partnership_id = c.partnership_id AND t.id = c.theme_id
          WHERE c.partnership_id = i.partnership_id
            AND c.incident_id = i.id
            AND c.removed_on IS NOT NULL), '[]') AS removed
  FROM incident AS i
 WHERE i.partnership_id = tenant()
   AND i.id = $1::uuid;

-- name: theme_consistency_list
-- The reviews where a theme that follows from the records of children was coded or is derived, and
-- whether both agree.
-- $1 limit (one more than the page), $2 after_key, $3 theme_id, $4 agrees
SELECT v.id AS review_id,
       v.reference,
       v.type,
       '/v1/reviews/' || v.id || '/themes' AS link,
       f.coded,
       f.derived,
       f.coded = f.derived AS agrees,
       v.reference AS "_key"
  FROM theme AS t
  JOIN review AS v ON v.partnership_id = t.partnership_id
 CROSS JOIN LATERAL (
   SELECT EXISTS (
            SELECT
              FROM review_theme AS c
             WHERE c.partnership_id = v.partnership_id
               AND c.review_id = v.id
               AND c.theme_id = t.id
               AND c.removed_on IS NULL) AS coded,
          EXISTS (
            SELECT
              FROM review_incident AS l
              JOIN child AS h
                ON h.partnership_id = l.partnership_id AND h.incident_id = l.incident_id
             WHERE l.partnership_id = v.partnership_id
               AND l.review_id = v.id
               AND l.removed_at IS NULL
               AND child_has_theme(t.derivation, t.white_other_counts, h.unborn, h.age_years,
                     h.age_days, h.ethnicity)) AS derived) AS f
 WHERE t.partnership_id = tenant()
   AND t.id = $3::uuid
   AND t.derivation IS NOT NULL
   AND (f.coded OR f.derived)
   AND CASE
         WHEN ($2::text IS NULL OR v.reference > $2::text)
          AND ($4::text IS NULL OR (f.coded = f.derived) = ($4::text = 'yes'))
         THEN true
         ELSE false
       END
 ORDER BY v.reference
 LIMIT $1::integer;
