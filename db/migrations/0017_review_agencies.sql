-- An agency that has followed another one is asked in its place, and sees what that one was asked.
ALTER POLICY own_partnership ON review
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR asked_agency_ids && own_agencies()));
ALTER POLICY own_partnership ON agency_response
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR agency_id = ANY (own_agencies())));
