-- What a review found, and the facts of its 7-minute briefing.

-- name: finding_columns
-- A finding as the API shows it.
-- fragment
f.id,
f.version,
f.review_id,
f.kind,
f.text,
f.url,
f.position,
f.theme_id,
f.agency_id,
f.identifying,
f.embargoed,
f.embargo_review_by,
f.withdrawn_on,
f.withdrawn_reason,
instant_text(f.created_at) AS created_at,
instant_text(f.updated_at) AS updated_at

-- name: finding_get
-- stored
-- $1 review_id, $2 finding_id
SELECT {{finding_columns}}
  FROM review_finding AS f
 WHERE f.partnership_id = tenant()
   AND f.review_id = $1::uuid
   AND f.id = $2::uuid;

-- name: finding_list
-- What a review found, in the order in which it was recorded.
-- $1 review_id, $2 limit (one more than the page), $3 after_key, $4 after_id
SELECT {{finding_columns}},
       f.created_at AS "_key",
       f.id AS "_id"
  FROM review_finding AS f
 WHERE f.partnership_id = tenant()
   AND f.review_id = $1::uuid
   AND (f.created_at, f.id) > (
     CASE WHEN $3::timestamptz IS NULL THEN '-infinity' ELSE $3::timestamptz END,
     CASE WHEN $4::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $4::uuid END)
 ORDER BY f.created_at, f.id
 LIMIT $2::integer;

-- name: finding_insert
-- $1 record (json object), $2 review_id, $3 record_id
INSERT INTO review_finding AS f
SELECT written.*
  FROM jsonb_populate_record(NULL::review_finding,
         jsonb_build_object('position', 1, 'identifying', false, 'embargoed', false)
         || jsonb_strip_nulls($1::jsonb) || jsonb_build_object(
           'partnership_id', tenant(),
           'id', $3::uuid,
           'review_id', $2::uuid,
           'version', 1,
           'created_at', now(),
           'updated_at', now())) AS written;

-- name: finding_patch
-- What the body says; the review's version has been checked.
-- $1 record (json object), $2 review_id, $3 record_id
UPDATE review_finding AS f
   SET (
         version, updated_at, kind, text, url, position, theme_id, agency_id, identifying, embargoed,
         embargo_review_by, withdrawn_on, withdrawn_reason
       ) = (
         SELECT f.version + 1, now(), n.kind, n.text, n.url, n.position, n.theme_id, n.agency_id,
                n.identifying, n.embargoed, n.embargo_review_by, n.withdrawn_on, n.withdrawn_reason
           FROM jsonb_populate_record(f, $1::jsonb) AS n
       )
 WHERE f.partnership_id = tenant()
   AND f.review_id = $2::uuid
   AND f.id = $3::uuid;

-- name: briefing_review
-- The review that a briefing is of, and what forbids telling the public.
-- $1 review_id
SELECT r.id,
       r.reference,
       r.title,
       {{review_publication_status}} AS publication_status,
       u.form,
       {{embargo_is_open}} AS embargoed
  FROM review AS r
  LEFT JOIN review_publication AS u ON u.partnership_id = r.partnership_id AND u.id = r.id
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid;

-- name: briefing_references
-- What a briefing may not name of a review: the references of its incidents and their children, and
-- those that others gave. Short ones would be found in any text.
-- fragment
SELECT lower(n.reference) AS reference
  FROM (
    SELECT unnest(ARRAY[i.local_ref, i.external_id]) AS reference
      FROM review_incident AS l
      JOIN incident AS i ON i.partnership_id = l.partnership_id AND i.id = l.incident_id
     WHERE l.partnership_id = tenant()
       AND l.review_id = $1::uuid
    UNION
    SELECT c.external_id
      FROM review_incident AS l
      JOIN child AS c ON c.partnership_id = l.partnership_id AND c.incident_id = l.incident_id
     WHERE l.partnership_id = tenant()
       AND l.review_id = $1::uuid
    UNION
    SELECT a.reference
      FROM review_incident AS l
      JOIN notification AS o ON o.partnership_id = l.partnership_id AND o.incident_id = l.incident_id
      JOIN acknowledgement AS a
        ON a.partnership_id = o.partnership_id AND a.notification_id = o.id
     WHERE l.partnership_id = tenant()
       AND l.review_id = $1::uuid
    UNION
    SELECT p.reference
      FROM review_proceeding AS p
     WHERE p.partnership_id = tenant()
       AND p.review_id = $1::uuid) AS n
 WHERE length(n.reference) > 3

-- name: briefing_sources
-- Everything that a briefing is made of, by its box: facts that the review tells (narrative), that
-- say what is to change, or that are about one agency alone.
-- fragment
SELECT 1 AS box,
       'review' AS source,
       1 AS rank,
       0 AS position,
       r.created_at,
       '/v1/reviews/' || r.id AS link,
       CASE r.type
         WHEN 'lcspr' THEN 'A local child safeguarding practice review'
         WHEN 'national' THEN 'A national review'
         WHEN 'table_top' THEN 'A table-top review'
         WHEN 'joint' THEN 'A review held jointly with another process'
         ELSE 'A learning review'
       END || ' that was decided on in ' || to_char(r.decided_on, 'YYYY') || '.' AS text,
       NULL AS url,
       NULL AS kind,
       false AS of_one_agency,
       false AS identifying,
       false AS embargoed
  FROM review AS r
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid
UNION ALL
SELECT 1, 'review', 3, 0, r.created_at, '/v1/reviews/' || r.id, r.commissioning_reason, NULL,
       'background', false, false, false
  FROM review AS r
 WHERE r.partnership_id = tenant()
   AND r.id = $1::uuid
   AND r.commissioning_reason <> ''
UNION ALL
SELECT CASE f.kind
         WHEN 'background' THEN 1
         WHEN 'what_happened' THEN 2
         WHEN 'learning' THEN 3
         WHEN 'key_theme' THEN 4
         WHEN 'good_practice' THEN 6
         WHEN 'statistic' THEN 6
         ELSE 7
       END,
       'finding',
       CASE f.kind
         WHEN 'local_action' THEN 1
         WHEN 'resource_link' THEN 4
         ELSE 2
       END,
       f.position, f.created_at, '/v1/reviews/' || f.review_id || '/findings/' || f.id, f.text, f.url,
       f.kind, f.agency_id IS NOT NULL, f.identifying, f.embargoed
  FROM review_finding AS f
 WHERE f.partnership_id = tenant()
   AND f.review_id = $1::uuid
   AND f.withdrawn_on IS NULL
UNION ALL
SELECT 4, 'theme', 1, 0, k.created_at, '/v1/themes/' || t.id, t.label, NULL,
       CASE WHEN t.kind = 'demographic' THEN 'demographic' END, false, false, false
  FROM review_theme AS k
  JOIN theme AS t ON t.partnership_id = k.partnership_id AND t.id = k.theme_id
 WHERE k.partnership_id = tenant()
   AND k.review_id = $1::uuid
   AND k.removed_on IS NULL
UNION ALL
SELECT 5, 'recommendation', 1, 0, m.created_at, '/v1/recommendations/' || m.id, m.text, NULL,
       'change', m.addressee = 'agency' OR coalesce(m.breadth = 'single_agency', false), false, false
  FROM recommendation AS m
 WHERE m.partnership_id = tenant()
   AND m.review_id = $1::uuid
   AND m.state NOT IN ('not_accepted', 'superseded')
UNION ALL
SELECT 6, 'action', 3, 0, min(a.created_at), '/v1/actions?review_id=' || $1::uuid,
       'Actions that follow from the review: ' || count(*) || '; done and checked to have worked: '
         || count(*) FILTER (WHERE a.state = 'closed_assured') || '.',
       NULL, 'change', false, false, false
  FROM action AS a
 WHERE a.partnership_id = tenant()
   AND a.review_id = $1::uuid
   AND a.state NOT IN ('not_accepted', 'superseded')
HAVING count(*) > 0
UNION ALL
SELECT 7, 'action', 3, 0, a.created_at, '/v1/actions/' || a.id, a.text, NULL,
       'change', a.responsibility = 'individual', false, false
  FROM action AS a
 WHERE a.partnership_id = tenant()
   AND a.review_id = $1::uuid
   AND a.state IN ('not_started', 'in_progress', 'complete_pending_assurance')

-- name: briefing_facts
-- The facts of a briefing in their order, each with the rule that leaves it out, or null. What is
-- found in a text is found generously: who is told sooner misses a sentence than reads a name.
-- $1 review_id, $2 audience
WITH shown AS MATERIALIZED (
  {{briefing_review}}
), named AS MATERIALIZED (
  {{briefing_references}}
), known AS MATERIALIZED (
  SELECT lower(translate(a.name, U&'\2018\2019', '''''')) AS name
    FROM agency AS a
   WHERE a.partnership_id = tenant()
)
SELECT s.box,
       s.source,
       s.link,
       s.text,
       s.url,
       CASE
         WHEN s.identifying THEN 'identifying'
         WHEN s.embargoed THEN 'embargoed'
         WHEN v.embargoed AND s.kind IN ('background', 'what_happened') THEN 'review_embargoed'
         WHEN $2::text = 'public' AND v.form = 'improvements_only' AND coalesce(s.kind <> 'change', s.source <> 'review')
           THEN 'improvements_only'
         WHEN $2::text = 'public' AND s.kind = 'demographic' THEN 'demographic'
         WHEN p.text ~ '\m\d{1,2}(st|nd|rd|th)?( of)?,? +(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|MAY)'
           OR p.text ~ '\m(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|MAY)[a-z]*\.? +(the +)?\d{1,2}(st|nd|rd|th)?\M'
           OR p.text ~* '\m\d{1,2}(st|nd|rd|th)?( of)?,? +(january|february|march|april|june|july|august|september|october|november|december)\M'
           OR p.text ~* '\m(january|february|march|april|june|july|august|september|october|november|december) +(the +)?\d{1,2}(st|nd|rd|th)?\M'
           OR p.text ~ '\m\d{4}-\d{1,2}-\d{1,2}\M'
           OR p.text ~ '\m\d{1,2}[./-]\d{1,2}[./-](\d{2}|\d{4})\M'
           THEN 'exact_date'
         WHEN p.text ~* '\m(day|hour)s?[ -]old\M'
           OR p.text ~* '\m(day|hour)s of age\M'
           OR p.text ~* '\mday \d+ of (his|her|their|the|its) (life|child)'
           OR p.text ~* '\m(aged|age of|at)( about| around| only| just)? (\d+|[a-z]+ty[- ][a-z]+|[a-z]+) (day|hour)s\M'
           THEN 'age_in_days'
         WHEN p.text ~ '\d{3}[ -]?\d{3}[ -]?\d{4}'
           OR p.text ~ '\m0\d{2,4}[ -]?\d{3,4}[ -]?\d{3,4}\M'
           OR EXISTS (SELECT FROM named AS n WHERE position(n.reference IN lower(p.text)) > 0)
           THEN 'reference'
         WHEN p.text ~ '\m(Miss|Dr|Prof|Professor|PC|DC|DS|DI|DCI|Sgt|Sergeant|Judge|Rev|Cllr|Councillor)\.? +[[:upper:]]'
           OR p.text ~* '\m(mr|mrs|ms|mx)\.? +[[:alpha:]]'
           OR p.text ~ '[^[:space:]@]+@[^[:space:]@]+\.[[:alpha:]]+'
           THEN 'person'
         WHEN p.text ~* '\m[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\M' THEN 'place'
         WHEN s.of_one_agency
          AND EXISTS (SELECT FROM known AS k WHERE position(k.name IN lower(p.text)) > 0)
           THEN 'agency_named'
       END AS rule
  FROM ({{briefing_sources}}) AS s
 CROSS JOIN shown AS v
 CROSS JOIN LATERAL (
   -- What word processors put in the place of spaces, hyphens and apostrophes hides nothing.
   SELECT translate(s.text,
            U&'\00A0\2007\2009\202F\2010\2011\2012\2013\2014\2018\2019' || E'\n\r\t',
            '    -----''''   ') AS text) AS p
 ORDER BY s.box, s.rank, s.position, s.created_at, s.link;
