-- action_due_revision_on has what this one has.
DROP INDEX action_due_revised_on;
