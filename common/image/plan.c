#include "image/plan.h"

#include <string.h>

#include "base/mem.h"

/* What one walk down the versions knows: which rules have how much left. */
struct walk {
	const struct plan_input *input;
	const struct release *newest_live;
	time_t within;     /* what is later is within keep_within; not set without that rule */
	time_t young;      /* what is later is younger than min_age */
	int last;          /* releases counted so far */
	int prereleases;   /* pre-releases of this core counted so far */
	const struct release *core; /* the first one seen of the core where the walk stands */
};

void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		gk_strv_done(&plan->entries[i].reasons);
	free(plan->entries);
	*plan = (struct plan){0};
}

static const char *run_text(const struct release *release)
{
	return release->run ? release->run : "";
}

/* Newest version first; ties by build time, then run. */
static int compare_entries(const void *a, const void *b)
{
	const struct release *left = ((const struct plan_entry *)a)->release;
	const struct release *right = ((const struct plan_entry *)b)->release;
	int order = semver_compare(&right->version, &left->version);

	if (order != 0)
		return order;
	if (left->created_at != right->created_at)
		return left->created_at > right->created_at ? -1 : 1;
	return strcmp(run_text(right), run_text(left));
}

static int collect(const struct plan_input *input, struct plan *plan, struct gk_error *err)
{
	for (size_t i = 0; i < input->release_count; i++) {
		struct plan_entry *entry = NULL;

		if (input->releases[i].state == RELEASE_RETIRED)
			continue;
		entry = gk_array_add(&plan->entries, &plan->count, sizeof(*entry), err);
		if (!entry)
			return -1;
		entry->release = &input->releases[i];
	}
	if (plan->count > 1)
		qsort(plan->entries, plan->count, sizeof(*plan->entries), compare_entries);
	return 0;
}

/* The highest live release that is no pre-release; if there is none, the highest live one. Nobody
 * may fall back on one that was withdrawn. */
static const struct release *find_newest_live(const struct plan *plan)
{
	const struct release *prerelease = NULL;

	for (size_t i = 0; i < plan->count; i++) {
		const struct release *release = plan->entries[i].release;

		if (release->state != RELEASE_LIVE || release->revoked)
			continue;
		if (!semver_is_prerelease(&release->version))
			return release;
		if (!prerelease)
			prerelease = release;
	}
	return prerelease;
}

/* As restic: keep_within counts back from the newest one, not from now; one that was withdrawn is
 * the newest of nothing. */
static time_t find_newest_time(const struct plan *plan)
{
	const struct release *newest = NULL;

	for (size_t i = 0; i < plan->count; i++) {
		const struct release *release = plan->entries[i].release;

		if (!release->revoked && (!newest || release->created_at > newest->created_at))
			newest = release;
	}
	return newest ? newest->created_at : 0;
}

/* In the line that the rules count along: made, not on its way in or out, not withdrawn. */
static bool is_counted(const struct release *release)
{
	return !release->revoked &&
	       (release->state == RELEASE_LIVE || release->state == RELEASE_DEPRECATED ||
		release->state == RELEASE_DISABLED);
}

/* Sorted, so that the plan does not depend on the order in which a store lists its channels. */
static int keep_for_channels(const struct channel_list *channels, struct plan_entry *entry,
			     struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv reasons = {0};

	for (size_t i = 0; channels && i < channels->count; i++) {
		const struct channel *channel = &channels->items[i];

		if (semver_compare(&channel->version, &entry->release->version) == 0 &&
		    gk_strv_addf(&reasons, err, "channel %s", channel->name) < 0)
			return -1;
	}
	gk_strv_sort(&reasons);
	return gk_strv_extend(&entry->reasons, &reasons, err);
}

/* Reasons that no policy takes away, in the order of plan.h. */
static int keep_always(const struct walk *walk, struct plan_entry *entry, struct gk_error *err)
{
	const struct plan_input *input = walk->input;
	const struct release *release = entry->release;
	struct duration min_age = input->policy->min_age;
	struct gk_strv *reasons = &entry->reasons;
	char age[DURATION_TEXT];

	if (input->run && gk_str_equal(release->run, input->run) &&
	    gk_strv_add(reasons, "this run", err) < 0)
		return -1;
	if (release == walk->newest_live && gk_strv_add(reasons, "newest live", err) < 0)
		return -1;
	if (keep_for_channels(input->channels, entry, err) < 0)
		return -1;
	if (release->held && gk_strv_addf(reasons, err, "held: %s", release->held) < 0)
		return -1;
	if (release->state == RELEASE_PENDING && gk_strv_add(reasons, "pending", err) < 0)
		return -1;
	if (!duration_is_zero(min_age) && release->created_at > walk->young)
		return gk_strv_addf(reasons, err, "younger than %s",
				    duration_format(min_age, age));
	return 0;
}

/* Counts the release along the line; true if a rule counts it and it is among the newest. */
static bool is_among_last(struct walk *walk, const struct release *release)
{
	return !semver_is_prerelease(&release->version) &&
	       ++walk->last <= walk->input->policy->keep_last;
}

static bool is_among_prereleases(struct walk *walk, const struct release *release)
{
	return semver_is_prerelease(&release->version) &&
	       ++walk->prereleases <= walk->input->policy->keep_prereleases;
}

/* Reasons that the policy's rules give. */
static int keep_by_rules(struct walk *walk, struct plan_entry *entry, struct gk_error *err)
{
	const struct policy *policy = walk->input->policy;
	const struct release *release = entry->release;
	struct gk_strv *reasons = &entry->reasons;
	char within[DURATION_TEXT];

	if (is_among_last(walk, release) &&
	    gk_strv_addf(reasons, err, "last %d", policy->keep_last) < 0)
		return -1;
	if (!duration_is_zero(policy->keep_within) && release->created_at > walk->within &&
	    gk_strv_addf(reasons, err, "within %s",
			 duration_format(policy->keep_within, within)) < 0)
		return -1;
	if (is_among_prereleases(walk, release))
		return gk_strv_add(reasons, "pre-release", err);
	return 0;
}

/* True for a pre-release of a core that has, or had, a release: one that was live at some time. A
 * pending one may still come to nothing. */
static bool is_superseded(const struct plan_input *input, const struct release *release)
{
	if (!semver_is_prerelease(&release->version))
		return false;
	for (size_t i = 0; i < input->release_count; i++) {
		const struct release *other = &input->releases[i];

		if (!semver_is_prerelease(&other->version) && other->state != RELEASE_PENDING &&
		    semver_same_core(&other->version, &release->version))
			return true;
	}
	return false;
}

/* Pre-releases are counted anew for every core. */
static void enter_core(struct walk *walk, const struct release *release)
{
	if (walk->core && semver_same_core(&walk->core->version, &release->version))
		return;
	walk->core = release;
	walk->prereleases = 0;
}

static int decide(struct walk *walk, struct plan_entry *entry, struct gk_error *err)
{
	const struct release *release = entry->release;
	bool superseded = is_superseded(walk->input, release);

	enter_core(walk, release);
	if (release->state == RELEASE_RETIRING) {
		entry->action = PLAN_REMOVE;
		return gk_strv_add(&entry->reasons, "begun", err);
	}
	if (!walk->input->policy->given)
		return gk_strv_add(&entry->reasons, "no policy", err);
	if (keep_always(walk, entry, err) < 0)
		return -1;
	if (is_counted(release) && !superseded && keep_by_rules(walk, entry, err) < 0)
		return -1;
	entry->action = entry->reasons.count > 0 ? PLAN_KEEP : PLAN_REMOVE;
	return 0;
}

/* Facts stop a removal, one that was begun as well; their reasons take the place of "begun". */
static int block(const struct plan_input *input, struct plan_entry *entry, struct gk_error *err)
{
	for (size_t i = 0; i < input->facts_count; i++) {
		const struct plan_facts *facts = &input->facts[i];

		if (facts->blocks.count == 0 ||
		    semver_compare(&facts->version, &entry->release->version) != 0)
			continue;
		if (entry->action == PLAN_REMOVE)
			gk_strv_done(&entry->reasons);
		entry->action = PLAN_BLOCKED;
		if (gk_strv_extend(&entry->reasons, &facts->blocks, err) < 0)
			return -1;
	}
	return 0;
}

/* A policy that keeps pre-releases alone keeps no release. */
int policy_check(const struct policy *policy, struct gk_error *err)
{
	if (policy->given && policy->keep_last <= 0 && duration_is_zero(policy->keep_within))
		return gk_error_set(err, GK_REFUSED, "the policy could keep nothing: no rule of it "
				    "keeps a release (--keep-last, --keep-within)");
	return 0;
}

static int check_amount(const struct plan_input *input, const struct plan *plan,
			struct gk_error *err)
{
	int most = input->policy->max_remove;
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		if (plan->entries[i].action == PLAN_REMOVE &&
		    plan->entries[i].release->state != RELEASE_RETIRING)
			count++;
	if (count > (size_t)(most > 0 ? most : 0))
		return gk_error_set(err, GK_REFUSED, "the plan removes %zu releases at once, and "
				    "%d are allowed (--max-remove)", count, most);
	return 0;
}

static int decide_all(struct plan *plan, struct walk *walk, struct gk_error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_entry *entry = &plan->entries[i];

		if (decide(walk, entry, err) < 0)
			return -1;
		if (entry->action == PLAN_REMOVE && block(walk->input, entry, err) < 0)
			return -1;
	}
	return 0;
}

int plan_make(const struct plan_input *input, struct plan *ret, struct gk_error *err)
{
	_cleanup_(plan_done) struct plan plan = {0};
	struct walk walk = {.input = input};

	if (policy_check(input->policy, err) < 0 || collect(input, &plan, err) < 0)
		return -1;
	if (plan.count > 0) {
		walk.newest_live = find_newest_live(&plan);
		walk.within = duration_before(find_newest_time(&plan), input->policy->keep_within);
		walk.young = duration_before(input->now, input->policy->min_age);
	}
	if (decide_all(&plan, &walk, err) < 0 || check_amount(input, &plan, err) < 0)
		return -1;
	*ret = plan;
	plan = (struct plan){0};
	return 0;
}
