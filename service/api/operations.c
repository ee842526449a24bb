/* The whole surface of the service: each operation of the OpenAPI document and what answers it. */
#include "api/operations.h"

#include "api/action_plan.h"
#include "api/briefing.h"
#include "api/calendar.h"
#include "api/calendar_feeds.h"
#include "api/case_systems.h"
#include "api/clocks.h"
#include "api/crud.h"
#include "api/deadlines.h"
#include "api/events.h"
#include "api/incidents.h"
#include "api/list.h"
#include "api/notification_form.h"
#include "api/notifications.h"
#include "api/process.h"
#include "api/proof.h"
#include "api/receipts.h"
#include "api/referral_decision.h"
#include "api/reports.h"
#include "api/resends.h"
#include "api/scrutiny.h"
#include "api/service.h"
#include "api/webhook_endpoints.h"
#include "domain/action_process.h"
#include "domain/incident_process.h"
#include "domain/rapid_review_process.h"
#include "domain/recommendation_process.h"
#include "domain/referral_process.h"
#include "domain/review_process.h"
#include "domain/theme_process.h"
#include "domain/webhook_endpoint_process.h"
#include "store/statements.h"

static const struct list_sort incident_sorts[] = {
    {"created_at", &SQL_INCIDENT_LIST_BY_CREATED_AT},
    {"-created_at", &SQL_INCIDENT_LIST},
    {"aware_on", &SQL_INCIDENT_LIST_BY_AWARE_ON},
    {"-aware_on", &SQL_INCIDENT_LIST_BY_AWARE_ON_DESC},
    {"updated_at", &SQL_INCIDENT_LIST_BY_UPDATED_AT},
    {"-updated_at", &SQL_INCIDENT_LIST_BY_UPDATED_AT_DESC},
    {NULL, NULL},
};

static const struct subject referrals = {
    .process = &referral_process,
    .path = "/v1/referrals/",
    .id_name = "referral_id",
    .get = &SQL_REFERRAL_GET,
    .advance = &SQL_REFERRAL_ADVANCE,
};

static const struct subject incidents = {
    .process = &incident_process,
    .path = "/v1/incidents/",
    .id_name = "incident_id",
    .get = &SQL_INCIDENT_FOR_STEP,
    .advance = &SQL_INCIDENT_ADVANCE,
};

/* What answers with a referral and what writes to it. */
#define REFERRAL                                                                                   \
	.subject = &referrals, .statement = &SQL_REFERRAL_GET, .stored = &SQL_REFERRAL_GET_STORED

static const struct subject reviews = {
    .process = &review_process,
    .path = "/v1/reviews/",
    .id_name = "review_id",
    .get = &SQL_REVIEW_GET,
    .advance = &SQL_REVIEW_ADVANCE,
};

#define OF_REVIEW .subject = &reviews
#define REVIEW .subject = &reviews, .statement = &SQL_REVIEW_GET, .stored = &SQL_REVIEW_GET_STORED
/* What is answered with something that belongs to a review. */
#define REVIEW_RECORD(name, id)                                                                    \
	.subject = &reviews, .statement = &SQL_##name##_GET, .stored = &SQL_##name##_GET_STORED,       \
	.record = (id)

static const struct subject rapid_reviews = {
    .process = &rapid_review_process,
    .path = "/v1/rapid-reviews/",
    .id_name = "rapid_review_id",
    .get = &SQL_RAPID_REVIEW_GET,
    .advance = &SQL_RAPID_REVIEW_ADVANCE,
};

/* What answers with a rapid review and what writes to it. */
#define RAPID_REVIEW                                                                               \
	.subject = &rapid_reviews, .statement = &SQL_RAPID_REVIEW_GET,                                 \
	.stored = &SQL_RAPID_REVIEW_GET_STORED
/* The records of a review, each by its own id. */
#define PROCEEDING                                                                                 \
	OF_REVIEW, .statement = &SQL_PROCEEDING_GET, .stored = &SQL_PROCEEDING_GET_STORED,             \
	           .record = "proceeding_id"
#define EMBARGO                                                                                    \
	OF_REVIEW, .statement = &SQL_EMBARGO_GET, .stored = &SQL_EMBARGO_GET_STORED,                   \
	           .record = "embargo_id"
#define PUBLICATION                                                                                \
	OF_REVIEW, .statement = &SQL_PUBLICATION_GET, .stored = &SQL_PUBLICATION_GET_STORED
#define NOTICE                                                                                     \
	OF_REVIEW, .statement = &SQL_PUBLICATION_NOTICE_GET,                                           \
	           .stored = &SQL_PUBLICATION_NOTICE_GET_STORED, .record = "notice_id"
#define ASSURANCE_CHECK                                                                            \
	OF_REVIEW, .statement = &SQL_ASSURANCE_CHECK_GET, .stored = &SQL_ASSURANCE_CHECK_GET_STORED,   \
	           .record = "assurance_check_id"
#define DISSEMINATION                                                                              \
	OF_REVIEW, .statement = &SQL_DISSEMINATION_GET, .stored = &SQL_DISSEMINATION_GET_STORED,       \
	           .record = "dissemination_id"

static const struct subject recommendations = {
    .process = &recommendation_process,
    .path = "/v1/recommendations/",
    .id_name = "recommendation_id",
    .get = &SQL_RECOMMENDATION_GET,
    .advance = &SQL_RECOMMENDATION_ADVANCE,
};
#define RECOMMENDATION                                                                             \
	.subject = &recommendations, .statement = &SQL_RECOMMENDATION_GET,                             \
	.stored = &SQL_RECOMMENDATION_GET_STORED

static const struct subject webhook_endpoints = {
    .process = &webhook_endpoint_process,
    .path = "/v1/webhook-endpoints/",
    .id_name = "webhook_endpoint_id",
    .get = &SQL_WEBHOOK_ENDPOINT_GET,
    .advance = &SQL_WEBHOOK_ENDPOINT_ADVANCE,
};
#define WEBHOOK_ENDPOINT                                                                           \
	.subject = &webhook_endpoints, .statement = &SQL_WEBHOOK_ENDPOINT_GET,                         \
	.stored = &SQL_WEBHOOK_ENDPOINT_GET_STORED
/* What is answered with a secret, in the answer alone. */
#define WEBHOOK_ENDPOINT_ONCE                                                                      \
	.subject = &webhook_endpoints, .statement = &SQL_WEBHOOK_ENDPOINT_SHOWN_ONCE,                  \
	.stored = &SQL_WEBHOOK_ENDPOINT_SHOWN_ONCE_STORED

static const struct subject actions = {
    .process = &action_process,
    .path = "/v1/actions/",
    .id_name = "action_id",
    .get = &SQL_ACTION_GET,
    .advance = &SQL_ACTION_ADVANCE,
};
#define ACTION .subject = &actions, .statement = &SQL_ACTION_GET, .stored = &SQL_ACTION_GET_STORED
#define ACTION_LEAD                                                                                \
	.subject = &actions, .record = "lead_id", .statement = &SQL_ACTION_LEAD_GET,                   \
	.stored = &SQL_ACTION_LEAD_GET_STORED
#define ACTION_EVIDENCE                                                                            \
	.subject = &actions, .record = "evidence_id", .statement = &SQL_ACTION_EVIDENCE_GET,           \
	.stored = &SQL_ACTION_EVIDENCE_GET_STORED
#define ACTION_ASSURANCE                                                                           \
	.subject = &actions, .record = "assurance_id", .statement = &SQL_ACTION_ASSURANCE_GET,         \
	.stored = &SQL_ACTION_ASSURANCE_GET_STORED

static const struct subject theme_sets = {
    .process = &theme_set_process,
    .path = "/v1/theme-sets/",
    .id_name = "theme_set_id",
    .get = &SQL_THEME_SET_FOR_STEP,
    .advance = &SQL_THEME_SET_ADVANCE,
};
#define THEME_SET                                                                                  \
	.subject = &theme_sets, .statement = &SQL_THEME_SET_GET, .stored = &SQL_THEME_SET_GET_STORED

static const struct subject themes = {
    .process = &theme_process,
    .path = "/v1/themes/",
    .id_name = "theme_id",
    .get = &SQL_THEME_FOR_STEP,
    .advance = &SQL_THEME_ADVANCE,
};
#define THEME .subject = &themes, .statement = &SQL_THEME_GET, .stored = &SQL_THEME_GET_STORED
#define THEME_CROSSWALK                                                                            \
	.subject = &themes, .statement = &SQL_THEME_CROSSWALK_GET,                                     \
	.stored = &SQL_THEME_CROSSWALK_GET_STORED, .record = "crosswalk_id"
#define WHOLE_TABLES .settings = &SQL_REPORT_JOINS_WHOLE_TABLES
#define GATHERS .settings = &SQL_REPORT_GATHERS
#define OF_A_PERIOD .settings = &SQL_REPORT_OF_A_PERIOD

/* clang-format off */
const struct endpoint operations[] = {
	{"getLiveness", service_live, "service"},
	{"getReadiness", service_ready, "service"},
	{"getOpenapi", service_document, "service"},

	{"listReferrals", crud_list, "referral", .subject = &referrals, .statement = &SQL_REFERRAL_LIST},
	{"createReferral", process_create, "referral", REFERRAL, .write = &SQL_REFERRAL_INSERT, .facts = &SQL_REFERRAL_FACTS},
	{"getReferral", crud_get, "referral", REFERRAL},
	{"patchReferral", process_change, "referral", REFERRAL, .write = &SQL_REFERRAL_PATCH},
	{"createReferralTransition", process_transition, "referral", REFERRAL, .write = &SQL_REFERRAL_TRANSITION},
	{"createReferralDecision", referral_decision_create, "referral", .subject = &referrals, .statement = &SQL_REFERRAL_DECISION_GET, .stored = &SQL_REFERRAL_DECISION_GET_STORED},
	{"listReferralDecisions", crud_list, "threshold decision", .statement = &SQL_REFERRAL_DECISION_LIST, .parent = &SQL_REFERRAL_EXISTS},
	{"getReferralDecision", crud_get, "threshold decision", .statement = &SQL_REFERRAL_DECISION_GET},
	{"listReferralSimilarIncidents", crud_list, "referral", .statement = &SQL_REFERRAL_SIMILAR_LIST, .parent = &SQL_REFERRAL_EXISTS},

	{"listIncidents", crud_list, "incident", .subject = &incidents, .statement = &SQL_INCIDENT_LIST, .sorts = incident_sorts},
	{"createIncident", incidents_create, "incident", .subject = &incidents},
	{"getIncident", crud_gather, "incident", .subject = &incidents, .statement = &SQL_INCIDENT_SHOW, .gathers = "incident_ids", .record = "incident_id", .inner = &SQL_INCIDENT_CHILDREN, .inner_name = "children"},
	{"patchIncident", incidents_patch, "incident", .subject = &incidents},
	{"createIncidentTransition", process_transition, "incident", .subject = &incidents, .statement = &SQL_INCIDENT_GET, .stored = &SQL_INCIDENT_GET_STORED, .write = &SQL_INCIDENT_TRANSITION},
	{"listIncidentTransitions", crud_list, "incident", .statement = &SQL_INCIDENT_TRANSITION_LIST, .parent = &SQL_INCIDENT_EXISTS},
	{"listIncidentChildren", crud_list, "child", .statement = &SQL_CHILD_LIST, .parent = &SQL_INCIDENT_EXISTS},
	{"createIncidentChild", children_create, "child", .parent = &SQL_INCIDENT_EXISTS},
	{"getIncidentChild", crud_get, "child", .statement = &SQL_CHILD_GET},
	{"patchIncidentChild", children_patch, "child"},
	{"listIncidentLinkedProcesses", crud_list, "linked process", .statement = &SQL_LINKED_PROCESS_LIST, .parent = &SQL_INCIDENT_EXISTS},
	{"createIncidentLinkedProcess", process_create, "linked process", .subject = &incidents, .statement = &SQL_LINKED_PROCESS_GET, .stored = &SQL_LINKED_PROCESS_GET_STORED, .write = &SQL_LINKED_PROCESS_INSERT, .record = "linked_process_id"},
	{"getIncidentLinkedProcess", crud_get, "linked process", .statement = &SQL_LINKED_PROCESS_GET},
	{"listIncidentDisclosures", crud_list, "disclosure", .statement = &SQL_DISCLOSURE_LIST, .parent = &SQL_INCIDENT_EXISTS},
	{"createIncidentDisclosure", process_create, "disclosure", .subject = &incidents, .statement = &SQL_DISCLOSURE_GET, .stored = &SQL_DISCLOSURE_GET_STORED, .write = &SQL_DISCLOSURE_INSERT, .record = "disclosure_id"},
	{"getIncidentDisclosure", crud_get, "disclosure", .statement = &SQL_DISCLOSURE_GET},
	{"listIncidentRestrictions", crud_list, "restriction", .statement = &SQL_RESTRICTION_LIST, .parent = &SQL_INCIDENT_EXISTS},
	{"createIncidentRestriction", process_create, "restriction", .subject = &incidents, .statement = &SQL_RESTRICTION_GET, .stored = &SQL_RESTRICTION_GET_STORED, .write = &SQL_RESTRICTION_INSERT, .record = "restriction_id"},
	{"getIncidentRestriction", crud_get, "restriction", .statement = &SQL_RESTRICTION_GET},
	{"patchIncidentRestriction", process_change, "restriction", .subject = &incidents, .statement = &SQL_RESTRICTION_GET, .write = &SQL_RESTRICTION_PATCH, .record = "restriction_id"},
	{"getIncidentClocks", clocks_of_incident, "incident"},
	{"listIncidentHistory", crud_list, "incident", .statement = &SQL_INCIDENT_HISTORY, .parent = &SQL_INCIDENT_EXISTS},
	{"listIncidentSimilarIncidents", crud_list, "incident", .statement = &SQL_INCIDENT_SIMILAR_LIST, .parent = &SQL_INCIDENT_EXISTS},
	{"getCaseSystemIncident", crud_get, "incident", .subject = &incidents, .statement = &SQL_INCIDENT_BY_EXTERNAL_ID},
	{"putCaseSystemIncident", case_systems_put, "incident", .subject = &incidents},

	{"listIncidentNotifications", crud_list, "notification", .statement = &SQL_NOTIFICATION_LIST_BY_INCIDENT, .parent = &SQL_INCIDENT_EXISTS},
	{"createIncidentNotification", notifications_create, "notification", .parent = &SQL_INCIDENT_EXISTS},
	{"getNotificationForm", notification_form_show, "incident"},
	{"getIncidentProof", proof_show, "incident"},
	{"listNotifications", crud_list, "notification", .statement = &SQL_NOTIFICATION_LIST},
	{"getNotification", crud_get, "notification", .statement = &SQL_NOTIFICATION_GET},
	{"createNotificationAcknowledgement", acknowledgements_create, "notification", .parent = &SQL_NOTIFICATION_EXISTS},

	{"listReviews", crud_list, "review", .subject = &reviews, .statement = &SQL_REVIEW_LIST},
	{"createReview", process_create, "review", REVIEW, .write = &SQL_REVIEW_INSERT, .facts = &SQL_REVIEW_CREATION_FACTS},
	{"getReview", crud_get, "review", REVIEW},
	{"patchReview", process_change, "review", REVIEW, .write = &SQL_REVIEW_PATCH},
	{"createReviewTransition", process_transition, "review", REVIEW, .write = &SQL_REVIEW_TRANSITION},
	{"putReviewIncidents", process_change, "review", REVIEW, .write = &SQL_REVIEW_INCIDENTS_PUT, .facts = &SQL_REVIEW_INCIDENTS_FACTS},
	{"listReviewProceedings", crud_list, "proceeding", .statement = &SQL_PROCEEDING_LIST, .parent = &SQL_REVIEW_EXISTS},
	{"createReviewProceeding", process_create, "proceeding", PROCEEDING, .write = &SQL_PROCEEDING_INSERT},
	{"getReviewProceeding", crud_get, "proceeding", .statement = &SQL_PROCEEDING_GET},
	{"patchReviewProceeding", process_change, "proceeding", PROCEEDING, .write = &SQL_PROCEEDING_PATCH},
	{"listReviewFindings", crud_list, "finding", .statement = &SQL_FINDING_LIST, .parent = &SQL_REVIEW_EXISTS},
	{"createReviewFinding", process_create, "finding", REVIEW_RECORD(FINDING, "finding_id"), .write = &SQL_FINDING_INSERT},
	{"getReviewFinding", crud_get, "finding", .statement = &SQL_FINDING_GET},
	{"patchReviewFinding", process_change, "finding", REVIEW_RECORD(FINDING, "finding_id"), .write = &SQL_FINDING_PATCH},
	{"getReviewBriefing", briefing_show, "review"},
	{"listReviewEmbargoes", crud_list, "embargo", .statement = &SQL_EMBARGO_LIST, .parent = &SQL_REVIEW_EXISTS},
	{"createReviewEmbargo", process_create, "embargo", EMBARGO, .write = &SQL_EMBARGO_INSERT},
	{"getReviewEmbargo", crud_get, "embargo", .statement = &SQL_EMBARGO_GET},
	{"patchReviewEmbargo", process_change, "embargo", EMBARGO, .write = &SQL_EMBARGO_PATCH},
	{"getReviewPublication", crud_get, "publication", .statement = &SQL_PUBLICATION_GET},
	{"putReviewPublication", process_change, "publication", PUBLICATION, .write = &SQL_PUBLICATION_PUT},
	{"listReviewPublicationNotices", crud_list, "notice", .statement = &SQL_PUBLICATION_NOTICE_LIST, .parent = &SQL_REVIEW_EXISTS},
	{"createReviewPublicationNotice", process_create, "notice", NOTICE, .write = &SQL_PUBLICATION_NOTICE_INSERT},
	{"getReviewPublicationNotice", crud_get, "notice", .statement = &SQL_PUBLICATION_NOTICE_GET},
	{"patchReviewPublicationNotice", process_change, "notice", NOTICE, .write = &SQL_PUBLICATION_NOTICE_PATCH},
	{"listPublicationRecipients", crud_list, "recipient", .statement = &SQL_PUBLICATION_RECIPIENT_LIST},
	{"listReviewAssuranceChecks", crud_list, "assurance check", .statement = &SQL_ASSURANCE_CHECK_LIST, .parent = &SQL_REVIEW_EXISTS},
	{"createReviewAssuranceCheck", process_create, "assurance check", ASSURANCE_CHECK, .write = &SQL_ASSURANCE_CHECK_INSERT},
	{"getReviewAssuranceCheck", crud_get, "assurance check", .statement = &SQL_ASSURANCE_CHECK_GET},
	{"listReviewDisseminations", crud_list, "dissemination", .statement = &SQL_DISSEMINATION_LIST, .parent = &SQL_REVIEW_EXISTS},
	{"createReviewDissemination", process_create, "dissemination", DISSEMINATION, .write = &SQL_DISSEMINATION_INSERT},
	{"getReviewDissemination", crud_get, "dissemination", .statement = &SQL_DISSEMINATION_GET},
	{"listReviewHistory", crud_list, "review", .statement = &SQL_REVIEW_HISTORY, .parent = &SQL_REVIEW_EXISTS},
	{"listReviewers", crud_list, "reviewer", .statement = &SQL_REVIEWER_LIST, .parent = &SQL_REVIEW_EXISTS},
	{"createReviewer", process_create, "reviewer", REVIEW_RECORD(REVIEWER, "reviewer_id"), .write = &SQL_REVIEWER_INSERT},
	{"getReviewer", crud_get, "reviewer", .statement = &SQL_REVIEWER_GET},
	{"patchReviewer", process_change, "reviewer", REVIEW_RECORD(REVIEWER, "reviewer_id"), .write = &SQL_REVIEWER_PATCH},
	{"listPanelMembers", crud_list, "panel member", .statement = &SQL_PANEL_MEMBER_LIST, .parent = &SQL_REVIEW_EXISTS},
	{"createPanelMember", process_create, "panel member", REVIEW_RECORD(PANEL_MEMBER, "panel_member_id"), .write = &SQL_PANEL_MEMBER_INSERT},
	{"getPanelMember", crud_get, "panel member", .statement = &SQL_PANEL_MEMBER_GET},
	{"patchPanelMember", process_change, "panel member", REVIEW_RECORD(PANEL_MEMBER, "panel_member_id"), .write = &SQL_PANEL_MEMBER_PATCH},
	{"listTermsOfReference", crud_list, "terms of reference", .statement = &SQL_TERMS_OF_REFERENCE_LIST, .parent = &SQL_REVIEW_EXISTS},
	{"createTermsOfReference", process_create, "terms of reference", REVIEW_RECORD(TERMS_OF_REFERENCE, "terms_id"), .write = &SQL_TERMS_OF_REFERENCE_INSERT},
	{"getTermsOfReference", crud_get, "terms of reference", .statement = &SQL_TERMS_OF_REFERENCE_GET},
	{"listFamilyParticipation", crud_list, "participation", .statement = &SQL_FAMILY_PARTICIPATION_LIST, .parent = &SQL_REVIEW_EXISTS},
	{"createFamilyParticipation", process_create, "participation", REVIEW_RECORD(FAMILY_PARTICIPATION, "participation_id"), .write = &SQL_FAMILY_PARTICIPATION_INSERT},
	{"getFamilyParticipation", crud_get, "participation", .statement = &SQL_FAMILY_PARTICIPATION_GET},
	{"patchFamilyParticipation", process_change, "participation", REVIEW_RECORD(FAMILY_PARTICIPATION, "participation_id"), .write = &SQL_FAMILY_PARTICIPATION_PATCH},
	{"listReviewDrafts", crud_list, "draft", .statement = &SQL_REVIEW_DRAFT_LIST, .parent = &SQL_REVIEW_EXISTS},
	{"createReviewDraft", process_create, "draft", REVIEW_RECORD(REVIEW_DRAFT, "draft_id"), .write = &SQL_REVIEW_DRAFT_INSERT},
	{"getReviewDraft", crud_get, "draft", .statement = &SQL_REVIEW_DRAFT_GET},
	{"patchReviewDraft", process_change, "draft", REVIEW_RECORD(REVIEW_DRAFT, "draft_id"), .write = &SQL_REVIEW_DRAFT_PATCH},
	{"listAgencyResponses", crud_list, "agency response", .statement = &SQL_AGENCY_RESPONSE_LIST, .parent = &SQL_REVIEW_EXISTS},
	{"createAgencyResponse", process_create, "agency response", REVIEW_RECORD(AGENCY_RESPONSE, "agency_response_id"), .write = &SQL_AGENCY_RESPONSE_INSERT},
	{"getAgencyResponse", crud_get, "agency response", .statement = &SQL_AGENCY_RESPONSE_GET},
	{"patchAgencyResponse", process_change, "agency response", REVIEW_RECORD(AGENCY_RESPONSE, "agency_response_id"), .write = &SQL_AGENCY_RESPONSE_PATCH},
	{"putAgencyResponseAnswer", process_change, "agency response", REVIEW_RECORD(AGENCY_RESPONSE, "agency_response_id"), .write = &SQL_AGENCY_RESPONSE_ANSWER},
	{"listReviewApprovals", crud_list, "approval", .statement = &SQL_REVIEW_APPROVAL_LIST, .parent = &SQL_REVIEW_EXISTS},
	{"createReviewApproval", process_create, "approval", REVIEW_RECORD(REVIEW_APPROVAL, "approval_id"), .write = &SQL_REVIEW_APPROVAL_INSERT},
	{"getReviewApproval", crud_get, "approval", .statement = &SQL_REVIEW_APPROVAL_GET},

	{"listScopingRequests", crud_list, "scoping request", .statement = &SQL_SCOPING_REQUEST_LIST, .parent = &SQL_INCIDENT_EXISTS},
	{"createScopingRequest", process_create, "scoping request", .subject = &incidents, .statement = &SQL_SCOPING_REQUEST_GET, .stored = &SQL_SCOPING_REQUEST_GET_STORED, .record = "scoping_request_id", .write = &SQL_SCOPING_REQUEST_INSERT},
	{"getScopingRequest", crud_get, "scoping request", .statement = &SQL_SCOPING_REQUEST_GET},
	{"patchScopingRequest", process_change, "scoping request", .subject = &incidents, .statement = &SQL_SCOPING_REQUEST_GET, .stored = &SQL_SCOPING_REQUEST_GET_STORED, .record = "scoping_request_id", .write = &SQL_SCOPING_REQUEST_PATCH},

	{"listRapidReviews", crud_list, "rapid review", .subject = &rapid_reviews, .statement = &SQL_RAPID_REVIEW_LIST},
	{"getRapidReview", crud_get, "rapid review", RAPID_REVIEW},
	{"patchRapidReview", process_change, "rapid review", RAPID_REVIEW, .write = &SQL_RAPID_REVIEW_PATCH},
	{"createRapidReviewTransition", process_transition, "rapid review", RAPID_REVIEW, .write = &SQL_RAPID_REVIEW_TRANSITION},
	{"listScopingReturns", crud_list, "scoping return", .statement = &SQL_SCOPING_RETURN_LIST, .parent = &SQL_RAPID_REVIEW_EXISTS},
	{"createScopingReturn", process_create, "scoping return", .subject = &rapid_reviews, .statement = &SQL_SCOPING_RETURN_GET, .stored = &SQL_SCOPING_RETURN_GET_STORED, .record = "scoping_return_id", .write = &SQL_SCOPING_RETURN_INSERT},
	{"getScopingReturn", crud_get, "scoping return", .statement = &SQL_SCOPING_RETURN_GET},
	{"patchScopingReturn", process_change, "scoping return", .subject = &rapid_reviews, .statement = &SQL_SCOPING_RETURN_GET, .stored = &SQL_SCOPING_RETURN_GET_STORED, .record = "scoping_return_id", .write = &SQL_SCOPING_RETURN_PATCH},
	{"listScopingChasers", crud_list, "reminder", .statement = &SQL_SCOPING_CHASER_LIST, .parent = &SQL_SCOPING_RETURN_EXISTS},
	{"createScopingChaser", process_create, "reminder", .subject = &rapid_reviews, .statement = &SQL_SCOPING_CHASER_GET, .stored = &SQL_SCOPING_CHASER_GET_STORED, .record = "scoping_chaser_id", .write = &SQL_SCOPING_CHASER_INSERT},
	{"getScopingChaser", crud_get, "reminder", .statement = &SQL_SCOPING_CHASER_GET},
	{"listRapidReviewMeetings", crud_list, "meeting", .statement = &SQL_RAPID_REVIEW_MEETING_LIST, .parent = &SQL_RAPID_REVIEW_EXISTS},
	{"createRapidReviewMeeting", process_create, "meeting", .subject = &rapid_reviews, .statement = &SQL_RAPID_REVIEW_MEETING_GET, .stored = &SQL_RAPID_REVIEW_MEETING_GET_STORED, .record = "rapid_review_meeting_id", .write = &SQL_RAPID_REVIEW_MEETING_INSERT},
	{"getRapidReviewMeeting", crud_get, "meeting", .statement = &SQL_RAPID_REVIEW_MEETING_GET},
	{"listImmediateActions", crud_list, "immediate action", .statement = &SQL_IMMEDIATE_ACTION_LIST, .parent = &SQL_RAPID_REVIEW_EXISTS},
	{"createImmediateAction", process_create, "immediate action", .subject = &rapid_reviews, .statement = &SQL_IMMEDIATE_ACTION_GET, .stored = &SQL_IMMEDIATE_ACTION_GET_STORED, .record = "immediate_action_id", .write = &SQL_IMMEDIATE_ACTION_INSERT},
	{"getImmediateAction", crud_get, "immediate action", .statement = &SQL_IMMEDIATE_ACTION_GET},
	{"patchImmediateAction", process_change, "immediate action", .subject = &rapid_reviews, .statement = &SQL_IMMEDIATE_ACTION_GET, .stored = &SQL_IMMEDIATE_ACTION_GET_STORED, .record = "immediate_action_id", .write = &SQL_IMMEDIATE_ACTION_PATCH},
	{"listRapidReviewDecisions", crud_list, "decision", .statement = &SQL_RAPID_REVIEW_DECISION_LIST, .parent = &SQL_RAPID_REVIEW_EXISTS},
	{"getRapidReviewDecision", crud_get, "decision", .statement = &SQL_RAPID_REVIEW_DECISION_CURRENT},
	{"createRapidReviewDecision", process_create, "decision", .subject = &rapid_reviews, .statement = &SQL_RAPID_REVIEW_DECISION_CURRENT, .stored = &SQL_RAPID_REVIEW_DECISION_CURRENT_STORED, .write = &SQL_RAPID_REVIEW_DECISION_INSERT},
	{"createRapidReviewSignOff", process_create, "sign-off", .subject = &rapid_reviews, .statement = &SQL_RAPID_REVIEW_DECISION_CURRENT, .stored = &SQL_RAPID_REVIEW_DECISION_CURRENT_STORED, .write = &SQL_RAPID_REVIEW_SIGN_OFF_INSERT},
	{"listRapidReviewSubmissions", crud_list, "submission", .statement = &SQL_RAPID_REVIEW_SUBMISSION_LIST, .parent = &SQL_RAPID_REVIEW_EXISTS},
	{"getRapidReviewSubmission", crud_get, "submission", .statement = &SQL_RAPID_REVIEW_SUBMISSION_CURRENT},
	{"createRapidReviewSubmission", process_create, "submission", .subject = &rapid_reviews, .statement = &SQL_RAPID_REVIEW_SUBMISSION_CURRENT, .stored = &SQL_RAPID_REVIEW_SUBMISSION_CURRENT_STORED, .write = &SQL_RAPID_REVIEW_SUBMISSION_INSERT},
	{"listPanelResponses", crud_list, "response", .statement = &SQL_PANEL_RESPONSE_LIST, .parent = &SQL_RAPID_REVIEW_EXISTS},
	{"createPanelResponse", process_create, "response", .subject = &rapid_reviews, .statement = &SQL_PANEL_RESPONSE_GET, .stored = &SQL_PANEL_RESPONSE_GET_STORED, .record = "panel_response_id", .write = &SQL_PANEL_RESPONSE_INSERT},
	{"getPanelResponse", crud_get, "response", .statement = &SQL_PANEL_RESPONSE_GET},
	{"patchPanelResponse", process_change, "response", .subject = &rapid_reviews, .statement = &SQL_PANEL_RESPONSE_GET, .stored = &SQL_PANEL_RESPONSE_GET_STORED, .record = "panel_response_id", .write = &SQL_PANEL_RESPONSE_PATCH},

	{"listThemeSets", crud_list, "theme set", .statement = &SQL_THEME_SET_LIST},
	{"createThemeSet", process_create, "theme set", THEME_SET, .write = &SQL_THEME_SET_INSERT},
	{"getThemeSet", crud_get, "theme set", .statement = &SQL_THEME_SET_GET},
	{"patchThemeSet", process_change, "theme set", THEME_SET, .write = &SQL_THEME_SET_PATCH},
	{"listThemes", crud_list, "theme", .statement = &SQL_THEME_LIST},
	{"createTheme", process_create, "theme", THEME, .write = &SQL_THEME_INSERT, .facts = &SQL_THEME_CREATION_FACTS},
	{"getTheme", crud_get, "theme", .statement = &SQL_THEME_GET},
	{"patchTheme", process_change, "theme", THEME, .write = &SQL_THEME_PATCH},
	{"listThemeCrosswalk", crud_list, "crosswalk", .statement = &SQL_THEME_CROSSWALK_LIST, .parent = &SQL_THEME_EXISTS},
	{"createThemeCrosswalk", process_create, "crosswalk", THEME_CROSSWALK, .write = &SQL_THEME_CROSSWALK_INSERT},
	{"getThemeCrosswalk", crud_get, "crosswalk", .statement = &SQL_THEME_CROSSWALK_GET},
	{"patchThemeCrosswalk", process_change, "crosswalk", THEME_CROSSWALK, .write = &SQL_THEME_CROSSWALK_PATCH},
	{"getThemeRecurrence", crud_get, "theme", .settings = &SQL_RECURRENCE_READS_INDEXES, .statement = &SQL_THEME_RECURRENCE_GET},
	{"getRapidReviewRecurrence", crud_get, "rapid review", .settings = &SQL_RECURRENCE_READS_INDEXES, .statement = &SQL_RAPID_REVIEW_RECURRENCE_GET},
	{"listThemeConsistency", crud_list, "theme", .statement = &SQL_THEME_CONSISTENCY_LIST, .parent = &SQL_THEME_EXISTS},
	{"getReviewThemes", crud_get, "review", .statement = &SQL_REVIEW_THEME_GET},
	{"putReviewThemes", process_change, "review", OF_REVIEW, .statement = &SQL_REVIEW_THEME_GET, .stored = &SQL_REVIEW_THEME_GET_STORED, .write = &SQL_REVIEW_THEME_PUT, .facts = &SQL_REVIEW_THEME_FACTS},
	{"getIncidentThemes", crud_get, "incident", .statement = &SQL_INCIDENT_THEME_GET},
	{"putIncidentThemes", process_change, "incident", .subject = &incidents, .statement = &SQL_INCIDENT_THEME_GET, .stored = &SQL_INCIDENT_THEME_GET_STORED, .write = &SQL_INCIDENT_THEME_PUT, .facts = &SQL_INCIDENT_THEME_FACTS},

	{"listRecommendations", crud_list, "recommendation", .subject = &recommendations, .statement = &SQL_RECOMMENDATION_LIST},
	{"createRecommendation", process_create, "recommendation", RECOMMENDATION, .write = &SQL_RECOMMENDATION_INSERT},
	{"getRecommendation", crud_get, "recommendation", RECOMMENDATION},
	{"patchRecommendation", process_change, "recommendation", RECOMMENDATION, .write = &SQL_RECOMMENDATION_PATCH},
	{"createRecommendationTransition", process_transition, "recommendation", RECOMMENDATION, .write = &SQL_RECOMMENDATION_TRANSITION},

	{"getReviewActionPlan", action_plan_show, "action plan"},
	{"putReviewActionPlan", action_plan_put, "action plan"},
	{"listActions", crud_list, "action", .subject = &actions, .statement = &SQL_ACTION_LIST},
	{"createAction", process_create, "action", ACTION, .facts = &SQL_ACTION_NEW_FACTS, .write = &SQL_ACTION_INSERT},
	{"getAction", crud_get, "action", ACTION},
	{"patchAction", process_change, "action", ACTION, .write = &SQL_ACTION_PATCH},
	{"createActionTransition", process_transition, "action", ACTION, .write = &SQL_ACTION_TRANSITION},
	{"getActionLead", crud_get, "action lead", ACTION_LEAD},
	{"patchActionLead", process_change, "action lead", ACTION_LEAD, .write = &SQL_ACTION_LEAD_PATCH},
	{"listActionEvidence", crud_list, "action evidence", .statement = &SQL_ACTION_EVIDENCE_LIST, .parent = &SQL_ACTION_EXISTS},
	{"createActionEvidence", process_create, "action evidence", ACTION_EVIDENCE, .write = &SQL_ACTION_EVIDENCE_INSERT},
	{"getActionEvidence", crud_get, "action evidence", ACTION_EVIDENCE},
	{"listActionAssurances", crud_list, "action assurance", .statement = &SQL_ACTION_ASSURANCE_LIST, .parent = &SQL_ACTION_EXISTS},
	{"createActionAssurance", process_create, "action assurance", ACTION_ASSURANCE, .write = &SQL_ACTION_ASSURANCE_INSERT},
	{"getActionAssurance", crud_get, "action assurance", ACTION_ASSURANCE},

	{"listDeadlines", deadlines_list, "clock"},
	{"getDeadline", deadlines_get, "clock"},
	{"createDeadlineExtension", deadlines_extend, "clock", .parent = &SQL_CLOCK_EXISTS},

	{"listCalendarFeeds", crud_list, "calendar feed", .statement = &SQL_CALENDAR_FEED_LIST},
	{"createCalendarFeed", calendar_feeds_create, "calendar feed"},
	{"getCalendarFeed", crud_get, "calendar feed", .statement = &SQL_CALENDAR_FEED_GET},
	{"createCalendarFeedRevocation", calendar_feeds_revoke, "calendar feed"},
	{"getCalendar", calendar_feeds_show, "calendar feed"},
	{"getWorkingDay", calendar_working_day, "calendar"},
	{"listBankHolidays", crud_list, "bank holiday", .statement = &SQL_BANK_HOLIDAY_LIST},
	{"simulateClocks", clocks_simulate, "calendar"},

	{"getReportRapidReviewsByYear", report_show, "report", WHOLE_TABLES, .statement = &SQL_REPORT_RAPID_REVIEWS_BY_YEAR, .records = &SQL_REPORT_RAPID_REVIEWS_BY_YEAR_RECORDS},
	{"getReportPanelConcurrence", report_show, "report", WHOLE_TABLES, .statement = &SQL_REPORT_PANEL_CONCURRENCE, .records = &SQL_REPORT_PANEL_CONCURRENCE_RECORDS},
	{"getReportReviewStatus", report_show, "report", WHOLE_TABLES, .statement = &SQL_REPORT_REVIEW_STATUS, .records = &SQL_REPORT_REVIEW_STATUS_RECORDS},
	{"getReportTimeliness", report_show, "report", WHOLE_TABLES, .statement = &SQL_REPORT_TIMELINESS, .records = &SQL_REPORT_TIMELINESS_RECORDS},
	{"getReportProceedingsAndEmbargoes", report_show, "report", WHOLE_TABLES, .statement = &SQL_REPORT_PROCEEDINGS_AND_EMBARGOES},
	{"getReportReferralLog", report_show, "report", WHOLE_TABLES, .statement = &SQL_REPORT_REFERRAL_LOG},
	{"getReportPublicationNotices", report_show, "report", WHOLE_TABLES, .statement = &SQL_REPORT_PUBLICATION_NOTICES},
	{"getReportDissemination", report_show, "report", WHOLE_TABLES, .statement = &SQL_REPORT_DISSEMINATION},
	{"getReportWorklist", report_show, "report", WHOLE_TABLES, .statement = &SQL_REPORT_WORKLIST},
	{"getReportAnnual", report_show, "report", OF_A_PERIOD, .statement = &SQL_REPORT_ANNUAL, .records = &SQL_REPORT_ANNUAL_RECORDS},
	{"getReportDfeBreakdown", report_show, "report", WHOLE_TABLES, .statement = &SQL_REPORT_DFE_BREAKDOWN, .records = &SQL_REPORT_DFE_BREAKDOWN_RECORDS},
	{"getReportBenchmarks", report_show, "report", GATHERS, .statement = &SQL_REPORT_BENCHMARKS, .records = &SQL_REPORT_BENCHMARKS_RECORDS},
	{"getReportActionTracker", report_show, "report", .settings = &SQL_REPORT_COUNTS_FROM_INDEXES, .statement = &SQL_REPORT_ACTION_TRACKER},
	{"getReportScrutiny", scrutiny_show, "report"},
	{"getReportThemes", report_show, "report", WHOLE_TABLES, .statement = &SQL_REPORT_THEMES, .records = &SQL_REPORT_THEMES_RECORDS},
	{"listReportRecords", report_records, "report"},

	{"listBenchmarks", crud_list, "benchmark", .statement = &SQL_BENCHMARK_LIST},
	{"createBenchmark", crud_create, "benchmark", .statement = &SQL_BENCHMARK_GET, .stored = &SQL_BENCHMARK_GET_STORED, .write = &SQL_BENCHMARK_INSERT, .record = "benchmark_id"},
	{"getBenchmark", crud_get, "benchmark", .statement = &SQL_BENCHMARK_GET},

	{"listEvents", events_list, "event"},
	{"listDeliveries", crud_list, "delivery", .statement = &SQL_DELIVERY_LIST},
	{"getDelivery", crud_get, "delivery", .statement = &SQL_DELIVERY_GET},
	{"createDeliveryResend", resends_create, "delivery", .parent = &SQL_DELIVERY_EXISTS},
	{"createWebhookEndpointRecovery", recoveries_create, "webhook endpoint"},
	{"createReceipt", receipts_create, "delivery", .judges_faults = true},
	{"listWebhookEndpoints", crud_list, "webhook endpoint", .subject = &webhook_endpoints, .statement = &SQL_WEBHOOK_ENDPOINT_LIST},
	{"createWebhookEndpoint", webhook_endpoints_create, "webhook endpoint", WEBHOOK_ENDPOINT_ONCE, .write = &SQL_WEBHOOK_ENDPOINT_INSERT},
	{"getWebhookEndpoint", crud_get, "webhook endpoint", WEBHOOK_ENDPOINT},
	{"patchWebhookEndpoint", webhook_endpoints_patch, "webhook endpoint", WEBHOOK_ENDPOINT},
	{"deleteWebhookEndpoint", webhook_endpoints_delete, "webhook endpoint", WEBHOOK_ENDPOINT, .write = &SQL_WEBHOOK_ENDPOINT_TRANSITION},
	{"createWebhookEndpointTransition", process_transition, "webhook endpoint", WEBHOOK_ENDPOINT, .write = &SQL_WEBHOOK_ENDPOINT_TRANSITION},
	{"createWebhookEndpointDecision", process_change, "webhook endpoint", WEBHOOK_ENDPOINT, .write = &SQL_WEBHOOK_ENDPOINT_DECIDE},
	{"createWebhookEndpointRotation", webhook_endpoints_rotate, "webhook endpoint", WEBHOOK_ENDPOINT_ONCE, .write = &SQL_WEBHOOK_ENDPOINT_ROTATE},
	{"createWebhookEndpointPing", webhook_endpoints_ping, "webhook endpoint", .subject = &webhook_endpoints, .statement = &SQL_WEBHOOK_ENDPOINT_PINGED, .stored = &SQL_WEBHOOK_ENDPOINT_PINGED_STORED},

	{"getPartnership", crud_get, "partnership", .statement = &SQL_PARTNERSHIP_GET},
	{"listAgencies", crud_list, "agency", .statement = &SQL_AGENCY_LIST},
	{"listAuditEntries", crud_list, "audit entry", .statement = &SQL_AUDIT_LIST},
};
/* clang-format on */

const size_t operation_count = ARRAY_LENGTH(operations);
