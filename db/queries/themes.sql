-- Theme sets, their themes, and how the themes of one set read in another.

-- name: theme_set_columns
-- A set as the API shows it.
-- fragment
s.id,
s.version,
s.code,
s.edition,
s.label,
s.source,
s.is_national,
s.valid_from,
s.valid_to,
(SELECT count(*)
   FROM theme AS t
  WHERE t.partnership_id = s.partnership_id
    AND t.set_id = s.id) AS themes,
instant_text(s.created_at) AS created_at,
instant_text(s.updated_at) AS updated_at

-- name: theme_set_get
-- One set.
-- stored
-- $1 theme_set_id
SELECT {{theme_set_columns}}
  FROM theme_set AS s
 WHERE s.partnership_id = tenant()
   AND s.id = $1::uuid;

-- name: theme_set_for_step
-- What a change of a set is judged by.
-- $1 theme_set_id
SELECT s.id,
       s.version,
       s.label,
       s.source,
       s.valid_from,
       s.valid_to,
       json_build_object('set_is_local', NOT s.is_national) AS "_facts"
  FROM theme_set AS s
 WHERE s.partnership_id = tenant()
   AND s.id = $1::uuid;

-- name: theme_set_list
-- Every set, by its code and edition.
-- $1 limit (one more than the page), $2 after_key, $3 code, $4 origin, $5 valid_on
SELECT {{theme_set_columns}},
       s.code || ' ' || s.edition AS "_key"
  FROM theme_set AS s
 WHERE s.partnership_id = tenant()
   AND CASE
         WHEN ($2::text IS NULL OR s.code || ' ' || s.edition > $2::text)
          AND ($3::text IS NULL OR s.code = $3::text)
          AND ($4::text IS NULL OR s.is_national = ($4::text = 'national'))
          AND ($5::date IS NULL
            OR (coalesce(s.valid_from <= $5::date, true) AND coalesce($5::date <= s.valid_to, true)))
         THEN true
         ELSE false
       END
 ORDER BY s.code || ' ' || s.edition
 LIMIT $1::integer;

-- name: theme_set_insert
-- A set of the partnership's own; an edition that is not said is the next number.
-- $1 record (json object), $2 theme_set_id
INSERT INTO theme_set AS s
SELECT written.*
  FROM jsonb_populate_record(NULL::theme_set,
         jsonb_build_object('edition', (
           SELECT (count(*) + 1)::text
             FROM theme_set AS o
            WHERE o.partnership_id = tenant()
              AND o.code = $1::jsonb ->> 'code'))
         || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'id', $2::uuid,
           'version', 1,
           'is_national', false,
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: theme_set_advance
-- The next version; CS412 when it has changed meanwhile.
-- $1 theme_set_id, $2 version
WITH changed AS (
  UPDATE theme_set AS s
     SET version = s.version + 1,
         updated_at = now()
   WHERE s.partnership_id = tenant()
     AND s.id = $1::uuid
     AND s.version = $2::integer
  RETURNING s.id
)
SELECT require_one(count(changed.id)) AS changed
  FROM changed;

-- name: theme_set_patch
-- What the body says; theme_set_advance has checked the version.
-- $1 record (json object), $2 theme_set_id
UPDATE theme_set AS s
   SET (label, source, valid_from, valid_to) = (
         SELECT p.label, p.source, p.valid_from, p.valid_to
           FROM jsonb_populate_record(s, $1::jsonb) AS p
       )
 WHERE s.partnership_id = tenant()
   AND s.id = $2::uuid;

-- name: theme_columns
-- A theme as the API shows it; the labels that it had before, the latest first.
-- fragment
t.id,
t.version,
t.set_id,
s.code AS set_code,
s.edition AS set_edition,
t.code,
t.label,
t.kind,
array_to_json(t.aliases) AS aliases,
t.used_from,
t.retired_on,
t.retired_reason,
t.replaced_by,
theme_is_in_use(t.used_from, t.retired_on, (now() AT TIME ZONE 'Europe/London')::date) AS in_use,
t.derivation,
t.white_other_counts,
t.cin_factor,
t.nspcc_keyword,
coalesce((
  SELECT json_agg(json_build_object('label', m.member -> 'from', 'until', instant_text(c.at))
           ORDER BY c.id DESC)
    FROM change AS c
   CROSS JOIN LATERAL jsonb_array_elements(c.changes) AS m (member)
   WHERE c.partnership_id = t.partnership_id
     AND c.subject_id = t.id
     AND c.resource = 'theme'
     AND m.member ->> 'field' = 'label'), '[]') AS earlier_labels,
instant_text(t.created_at) AS created_at,
instant_text(t.updated_at) AS updated_at

-- name: theme_source
-- fragment
theme AS t
  JOIN theme_set AS s ON s.partnership_id = t.partnership_id AND s.id = t.set_id

-- name: theme_get
-- One theme.
-- stored
-- $1 theme_id
SELECT {{theme_columns}}
  FROM {{theme_source}}
 WHERE t.partnership_id = tenant()
   AND t.id = $1::uuid;

-- name: theme_exists
-- A row when the theme is there; for lists of what belongs to it.
-- $1 theme_id
SELECT t.id
  FROM theme AS t
 WHERE t.partnership_id = tenant()
   AND t.id = $1::uuid;

-- name: theme_for_step
-- What a change of a theme, or of its crosswalk, is judged by.
-- $1 theme_id
SELECT t.id,
       t.version,
       t.label,
       t.kind,
       array_to_json(t.aliases) AS aliases,
       t.used_from,
       t.retired_on,
       t.retired_reason,
       t.replaced_by,
       t.derivation,
       t.white_other_counts,
       t.cin_factor,
       t.nspcc_keyword,
       json_build_object(
         'theme_id', t.id,
         'set_is_there', true,
         'set_is_local', NOT s.is_national) AS "_facts"
  FROM {{theme_source}}
 WHERE t.partnership_id = tenant()
   AND t.id = $1::uuid;

-- name: theme_set_of_new
-- The set of a new theme: the one that is named, or the partnership's own that was made last.
-- fragment
coalesce(($1::jsonb ->> 'set_id')::uuid, (
  SELECT o.id
    FROM theme_set AS o
   WHERE o.partnership_id = tenant()
     AND NOT o.is_national
   ORDER BY o.created_at DESC, o.id
   LIMIT 1))

-- name: theme_creation_facts
-- What a new theme is judged by.
-- $1 record (json object)
SELECT json_build_object(
         'set_is_there', s.id IS NOT NULL,
         'set_is_local', NOT s.is_national) AS "_facts"
  FROM (SELECT {{theme_set_of_new}} AS id) AS named
  LEFT JOIN theme_set AS s ON s.partnership_id = tenant() AND s.id = named.id;

-- name: theme_list
-- The themes of every set, by their codes.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 set_id, $5 kind, $6 in_use_on
-- $7 q
SELECT {{theme_columns}},
       t.code AS "_key",
       t.id AS "_id"
  FROM {{theme_source}}
 WHERE t.partnership_id = tenant()
   AND (t.code, t.id) > (
     CASE WHEN $2::text IS NULL THEN '' ELSE $2::text END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
   AND CASE
         WHEN ($4::uuid IS NULL OR t.set_id = $4::uuid)
          AND ($5::text[] IS NULL OR t.kind = ANY ($5::text[]))
          AND ($6::date IS NULL OR theme_is_in_use(t.used_from, t.retired_on, $6::date))
          AND ($7::text IS NULL
            OR strpos(lower(concat_ws(' ', t.code, t.label, array_to_string(t.aliases, ' '))),
                 lower($7::text)) > 0)
         THEN true
         ELSE false
       END
 ORDER BY t.code, t.id
 LIMIT $1::integer;

-- name: theme_insert
-- A theme of a set of the partnership's own. A code that is not said is made of the label, with a
-- number where the set has it already.
-- $1 record (json object), $2 theme_id
INSERT INTO theme AS t
SELECT written.*
  FROM (SELECT {{theme_set_of_new}} AS set_id,
               coalesce($1::jsonb ->> 'code', regexp_replace(left(
                 regexp_replace(lower($1::jsonb ->> 'label'), '[^a-z0-9]+', '_', 'g'), 50),
                 '^[^a-z]+|_+$', '', 'g')) AS code
       ) AS named
 CROSS JOIN LATERAL (
         SELECT count(*) AS taken
           FROM theme AS o
          WHERE o.partnership_id = tenant()
            AND o.set_id = named.set_id
            AND o.code ~ ('^' || named.code || '(_[0-9]+)?$')) AS others
 CROSS JOIN LATERAL jsonb_populate_record(NULL::theme,
         jsonb_build_object('aliases', '[]'::jsonb) || jsonb_strip_nulls($1::jsonb)
         || CASE
              WHEN $1::jsonb ->> 'derivation' = 'black_and_minoritised'
              THEN jsonb_build_object('white_other_counts',
                     coalesce(($1::jsonb ->> 'white_other_counts')::boolean, true))
              ELSE '{}'
            END
         || jsonb_build_object(
           'partnership_id', tenant(),
           'id', $2::uuid,
           'version', 1,
           'set_id', named.set_id,
           'code', CASE
             WHEN $1::jsonb ->> 'code' IS NULL AND others.taken > 0
             THEN named.code || '_' || others.taken + 1
             ELSE named.code
           END,
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: theme_advance
-- The next version; CS412 when it has changed meanwhile.
-- $1 theme_id, $2 version
WITH changed AS (
  UPDATE theme AS t
     SET version = t.version + 1,
         updated_at = now()
   WHERE t.partnership_id = tenant()
     AND t.id = $1::uuid
     AND t.version = $2::integer
  RETURNING t.id
)
SELECT require_one(count(changed.id)) AS changed
  FROM changed;

-- name: theme_patch
-- What the body says; theme_advance has checked the version.
-- $1 record (json object), $2 theme_id
UPDATE theme AS t
   SET (label, kind, aliases, used_from, retired_on, retired_reason, replaced_by, derivation,
        white_other_counts, cin_factor, nspcc_keyword) = (
         SELECT p.label, p.kind, coalesce(p.aliases, '{}'), p.used_from, p.retired_on,
                p.retired_reason, p.replaced_by, p.derivation,
                CASE
                  WHEN p.derivation = 'black_and_minoritised'
                  THEN coalesce(p.white_other_counts, true)
                END,
                p.cin_factor, p.nspcc_keyword
           FROM jsonb_populate_record(t, $1::jsonb) AS p
       )
 WHERE t.partnership_id = tenant()
   AND t.id = $2::uuid;

-- name: theme_crosswalk_columns
-- As it reads from the theme that was asked for: what the other one is to it.
-- fragment
x.id,
x.version,
$1::uuid AS theme_id,
CASE WHEN x.theme_id = $1::uuid THEN x.other_theme_id ELSE x.theme_id END AS other_theme_id,
o.code AS other_code,
o.label AS other_label,
s.code AS other_set_code,
s.edition AS other_set_edition,
CASE
  WHEN x.theme_id = $1::uuid THEN x.relation
  WHEN x.relation = 'broader' THEN 'narrower'
  WHEN x.relation = 'narrower' THEN 'broader'
  ELSE x.relation
END AS relation,
x.note,
x.removed_on,
instant_text(x.created_at) AS created_at,
instant_text(x.updated_at) AS updated_at

-- name: theme_crosswalk_source
-- fragment
theme_crosswalk AS x
  JOIN theme AS o
    ON o.partnership_id = x.partnership_id
   AND o.id = CASE WHEN x.theme_id = $1::uuid THEN x.other_theme_id ELSE x.theme_id END
  JOIN theme_set AS s ON s.partnership_id = o.partnership_id AND s.id = o.set_id

-- name: theme_crosswalk_get
-- One line of a theme's crosswalk.
-- stored
-- $1 theme_id, $2 crosswalk_id
SELECT {{theme_crosswalk_columns}}
  FROM {{theme_crosswalk_source}}
 WHERE x.partnership_id = tenant()
   AND $1::uuid IN (x.theme_id, x.other_theme_id)
   AND x.id = $2::uuid;

-- name: theme_crosswalk_list
-- A theme's crosswalk, from whichever side it was written; what was removed is left out.
-- $1 theme_id, $2 limit (one more than the page), $3 after_key, $4 after_id
SELECT {{theme_crosswalk_columns}},
       x.created_at AS "_key",
       x.id AS "_id"
  FROM {{theme_crosswalk_source}}
 WHERE x.partnership_id = tenant()
   AND $1::uuid IN (x.theme_id, x.other_theme_id)
   AND x.removed_on IS NULL
   AND (x.created_at, x.id) > (
     CASE WHEN $3::timestamptz IS NULL THEN '-infinity' ELSE $3::timestamptz END,
     CASE WHEN $4::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $4::uuid END)
 ORDER BY x.created_at, x.id
 LIMIT $2::integer;

-- name: theme_crosswalk_insert
-- $1 record (json object), $2 theme_id, $3 record_id
INSERT INTO theme_crosswalk (partnership_id, theme_id, id, version, other_theme_id, relation, note,
  created_at, updated_at)
SELECT tenant(), $2::uuid, $3::uuid, 1, b.other_theme_id, b.relation, b.note, now(), now()
  FROM jsonb_to_record($1::jsonb) AS b (other_theme_id uuid, relation text, note text);

-- name: theme_crosswalk_patch
-- What the body says, as it reads from the theme of the path; CS412 when it has changed meanwhile.
-- $1 record (json object), $2 theme_id, $3 record_id, $4 record_version
WITH changed AS (
  UPDATE theme_crosswalk AS x
     SET version = x.version + 1,
         updated_at = now(),
         relation = CASE
           WHEN NOT $1::jsonb ? 'relation' THEN x.relation
           WHEN x.theme_id = $2::uuid THEN $1::jsonb ->> 'relation'
           WHEN $1::jsonb ->> 'relation' = 'broader' THEN 'narrower'
           WHEN $1::jsonb ->> 'relation' = 'narrower' THEN 'broader'
           ELSE $1::jsonb ->> 'relation'
         END,
         note = CASE WHEN $1::jsonb ? 'note' THEN $1::jsonb ->> 'note' ELSE x.note END,
         removed_on = CASE
           WHEN $1::jsonb ? 'removed_on' THEN ($1::jsonb ->> 'removed_on')::date
           ELSE x.removed_on
         END
   WHERE x.partnership_id = tenant()
     AND $2::uuid IN (x.theme_id, x.other_theme_id)
     AND x.id = $3::uuid
     AND x.version = $4::integer
  RETURNING x.id
)
SELECT require_one(count(changed.id)) AS changed
  FROM changed;
