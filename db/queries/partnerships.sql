-- The caller's partnership and its agencies; whether the database is there.

-- name: database_ready
-- A row when the database answers.
SELECT true AS ready;

-- name: partnership_get
-- The partnership of the caller.
SELECT p.id,
       p.slug,
       p.name,
       p.area_code,
       p.disclosure_threshold,
       p.disclosure_rounding,
       instant_text(p.created_at) AS created_at
  FROM partnership AS p
 WHERE p.id = tenant();

-- name: agency_list
-- The agencies of the partnership by their short names.
-- $1 limit (one more than the page), $2 after_key, $3 valid_on, $4 statutory_partner
SELECT a.id,
       a.slug,
       a.name,
       a.kind,
       a.statutory_partner,
       a.valid_from,
       a.valid_to,
       a.succeeded_by,
       a.succeeded_on,
       a.slug AS "_key"
  FROM agency AS a
 WHERE a.partnership_id = tenant()
   AND ($2::text IS NULL OR a.slug > $2::text)
   AND ($3::date IS NULL OR agency_is_valid(a.valid_from, a.valid_to, $3::date))
   AND ($4::boolean IS NULL OR a.statutory_partner = $4::boolean)
 ORDER BY a.slug
 LIMIT $1::integer;

-- name: agency_kinds
-- What sort of agency each of the partnership's is, for rules that ask who says something.
SELECT coalesce(json_agg(json_build_object('id', a.id, 'kind', a.kind)), '[]') AS agencies
  FROM agency AS a
 WHERE a.partnership_id = tenant();
