/*
 * Policy and plan: what retention would do, with a reason for every release. Pure: releases,
 * channels, facts and the time go in, a plan comes out; a dry run prints it, an executor carries
 * it out.
 *
 * What always holds, whatever the policy: kept are the release of this run, the newest
 * live release, what a channel names, what is held, what is pending, what is younger than min_age.
 * Never removed is what a fact blocks. Rules are ORed. Order is SemVer order; ties by build time,
 * then run. What is kept anyway still counts for keep_last (as a live release it stands in the
 * line). A revoked release stands in no line: no rule counts it, and it is never the newest live
 * one. What is kept whatever the policy says holds for it too.
 */
#ifndef GK_IMAGE_PLAN_H
#define GK_IMAGE_PLAN_H

#include "image/duration.h"
#include "image/release.h"

struct policy {
	bool given;                             /* false: no keep rule was given, nothing is retired */
	int keep_last;                          /* 0: rule not given */
	struct duration keep_within;            /* before the newest release's time, as restic's */
	int keep_prereleases;                   /* newest N of every core version without release */
	struct duration unless_launched_within; /* used by the facts, not by the plan */
	struct duration min_age;
	bool include_shared;                    /* used by the facts, not by the plan */
	int max_remove;
};

/* No rule, and the defaults: keep-prereleases 1, unless-launched-within 24h, min-age
 * 0h, max-remove 50. */
void policy_init(struct policy *policy);

/* One JSON object and back, for the inventory: what an interrupted run was to do. policy_to_json
 * returns an owned string. Unknown members are ignored, absent ones take the default. */
char *policy_to_json(const struct policy *policy, struct gk_error *err);
int policy_from_json(const char *text, struct policy *ret, struct gk_error *err);

/* How far back a channel can be taken. */
enum { CHANNEL_TRAIL_MAX = 20 };

struct channel {
	char *name;
	struct semver version; /* the release that it names */
	struct gk_strv trail;  /* the versions that it named before, the last one first */
};

struct channel_list {
	struct channel *items;
	size_t count;
};

void channel_list_done(struct channel_list *list);
/* Copies the channel into the list, over the one of that name. */
int channel_list_set(struct channel_list *list, const struct channel *channel,
		     struct gk_error *err);
/* NULL if there is no channel of that name. */
const struct channel *channel_list_find(const struct channel_list *list, const char *name);

void channel_done(struct channel *channel);
int channel_copy(const struct channel *from, struct channel *ret, struct gk_error *err);
bool channel_equal(const struct channel *a, const struct channel *b);
/* The channel as it is once it has moved on to a version; `now` is NULL if there was none. */
int channel_advance(const struct channel *now, const char *name, const struct semver *version,
		    struct channel *ret, struct gk_error *err);
/* The channel as it is once it was taken back to trail.items[step]; what lay between is
 * forgotten. */
int channel_go_back(const struct channel *now, size_t step, struct channel *ret,
		    struct gk_error *err);

/* What was found out about one release: reasons why it cannot be removed ("in use: instance i-0… in
 * us-east-1"). Whole or not at all: a reason in one region blocks the release in all. */
struct plan_facts {
	struct semver version;
	struct gk_strv blocks;
};

struct plan_input {
	/* Of one family, in any order. Retired ones are no part of the plan, but a pre-release is
	 * superseded by the retired release of its core too: whoever calls adds these. */
	const struct release *releases;
	size_t release_count;
	const struct channel_list *channels;
	const struct policy *policy;
	const char *run;                /* this run; NULL outside `release` */
	const struct plan_facts *facts; /* of releases that were looked up */
	size_t facts_count;
	time_t now;
};

enum plan_action { PLAN_KEEP, PLAN_REMOVE, PLAN_BLOCKED };

struct plan_entry {
	const struct release *release; /* borrowed from the input */
	enum plan_action action;
	struct gk_strv reasons;        /* why kept or blocked: never empty for those; "begun" for a
					  removal that an earlier run began */
};

struct plan {
	struct plan_entry *entries; /* newest version first */
	size_t count;
};

void plan_done(struct plan *plan);

/* GK_REFUSED: a policy that could keep nothing (keep rules given, all zero). */
int policy_check(const struct policy *policy, struct gk_error *err);

/* GK_REFUSED, with the number: what policy_check refuses, a
 * plan that removes more than max_remove releases (those that are retiring already do not count).
 * Reasons of keeping are in this order and wording: "this run", "newest live", "channel NAME",
 * "held: REASON", "pending", "younger than D", "last N", "within D", "pre-release". */
int plan_make(const struct plan_input *input, struct plan *ret, struct gk_error *err);

#endif
