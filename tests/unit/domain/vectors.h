/* The vectors of the working-day rule: day 0 is the start, due on the n-th working day after it. */
#pragma once

/* 5 working days to notify; scoping 5 and the rapid review 15 after a notification sent when due.
 */
static const struct {
	const char *aware_on;
	const char *notification_due;
	const char *scoping_due;
	const char *rapid_review_due;
	const char *rapid_review_due_from_aware;
} forward_vectors[] = {
    {"2024-01-08", "2024-01-15", "2024-01-22", "2024-02-05", "2024-01-29"},
    {"2023-12-18", "2023-12-27", "2024-01-04", "2024-01-18", "2024-01-11"},
    {"2023-12-22", "2024-01-03", "2024-01-10", "2024-01-24", "2024-01-17"},
    {"2023-12-23", "2024-01-03", "2024-01-10", "2024-01-24", "2024-01-17"},
    {"2023-12-25", "2024-01-03", "2024-01-10", "2024-01-24", "2024-01-17"},
    {"2021-12-23", "2022-01-04", "2022-01-11", "2022-01-25", "2022-01-18"},
    {"2024-03-28", "2024-04-08", "2024-04-15", "2024-04-29", "2024-04-22"},
    {"2023-04-28", "2023-05-09", "2023-05-16", "2023-05-31", "2023-05-23"},
    {"2022-05-30", "2022-06-08", "2022-06-15", "2022-06-29", "2022-06-22"},
    {"2022-09-14", "2022-09-22", "2022-09-29", "2022-10-13", "2022-10-06"},
    {"2026-12-24", "2027-01-05", "2027-01-12", "2027-01-26", "2027-01-19"},
    {"2027-12-23", "2028-01-04", "2028-01-11", "2028-01-25", "2028-01-18"},
};

/* The latest day of notice, 7 working days before publication. */
static const struct {
	const char *publish_on;
	const char *notice_by;
} notice_vectors[] = {
    {"2024-01-08", "2023-12-27"},
    {"2024-01-03", "2023-12-20"},
    {"2024-04-05", "2024-03-25"},
    {"2023-05-12", "2023-05-02"},
};

/* Six calendar months, clamped to the month's last day and not moved to a working day. */
static const struct {
	const char *from;
	const char *due;
} six_month_vectors[] = {
    {"2023-08-30", "2024-02-29"},
    {"2023-08-31", "2024-02-29"},
    {"2024-08-31", "2025-02-28"},
    {"2023-09-30", "2024-03-30"},
    {"2024-02-29", "2024-08-29"},
};
