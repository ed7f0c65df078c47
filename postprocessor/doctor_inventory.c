/* The inventory: is it there, is it ours, could a release be recorded; and where the newest are. */
#include <string.h>

#include "base/mem.h"
#include "doctor.h"
#include "inventory/dynamodb.h"
#include "inventory/sqlite.h"

#define SECTION "inventory"
#define INIT_ADVICE "goldkeep init turns it on"

enum { FAMILIES_MAX = 20, NEWEST = 10 };

static const uint64_t mebibyte = 1 << 20;

static int add(struct doctor *doctor, enum finding_level level, const char *subject,
	       const char *value, const char *advice, struct gk_error *err)
{
	return doctor_add(doctor,
			  &(struct finding){level, SECTION, subject, value, .advice = advice}, err);
}

/* ---- SQLite ---- */

static int add_disk(const struct sqlite_report *report, struct doctor *doctor,
		    struct gk_error *err)
{
	uint64_t free_mebibytes = report->free_bytes / mebibyte;
	enum finding_level level = free_mebibytes < 1    ? FINDING_PROBLEM
				   : free_mebibytes < 64 ? FINDING_WARNING
							 : FINDING_OK;
	_cleanup_free_ char *text =
		gk_str_format(err, "%llu MiB", (unsigned long long)free_mebibytes);

	if (!text)
		return -1;
	if (!report->has_disk)
		return add(doctor, FINDING_UNKNOWN, "free disk", "not known", NULL, err);
	return add(doctor, level, "free disk", text,
		   level == FINDING_OK ? NULL : "make room on that disk", err);
}

/* A job's home folder goes away with the job, and the inventory in it. */
static bool will_be_lost(const struct context *context, const char *family)
{
	return context_env("CI") && !options_text(&context->options, family, "store");
}

static const char *describe_file(const struct sqlite_report *report)
{
	if (!report->exists)
		return "not there yet: the first release makes it";
	if (report->older)
		return "of an older goldkeep: the next command that writes upgrades it";
	return "there, and can be written";
}

static int examine_file(struct context *context, const char *family, const char *path,
			struct doctor *doctor, bool *ret_usable, struct gk_error *err)
{
	_cleanup_free_ char *subject = gk_str_format(err, "sqlite:%s", path);
	struct sqlite_report report = {0};
	struct gk_error failure = {0};
	bool lost = will_be_lost(context, family);

	if (!subject)
		return -1;
	if (sqlite_inventory_examine(path, &report, &failure) < 0)
		return add(doctor, FINDING_PROBLEM, subject, failure.message,
			   failure.code == GK_LOCKED
				   ? "end the process that keeps its lock, or wait for it"
				   : "mend that, or name another place with --store sqlite:PATH",
			   err);
	*ret_usable = report.exists && !report.older;
	doctor->is_new = !report.exists;
	lost = lost && !report.exists;
	if (add(doctor, lost ? FINDING_WARNING : FINDING_OK, subject, describe_file(&report),
		lost ? "a CI job's home folder is thrown away: name a store that lasts with "
		       "--store dynamodb:TABLE, or a path that is kept"
		     : NULL,
		err) < 0)
		return -1;
	return add_disk(&report, doctor, err);
}

/* ---- DynamoDB ---- */

static int add_feature(struct doctor *doctor, const char *subject, bool on,
		       const struct gk_error *failure, const char *advice, struct gk_error *err)
{
	bool refused = failure->code == GK_REFUSED;

	if (failure->code != GK_OK)
		return add(doctor, refused ? FINDING_WARNING : FINDING_UNKNOWN, subject,
			   failure->message, NULL, err);
	return add(doctor, on ? FINDING_OK : FINDING_WARNING, subject, on ? "on" : "off",
		   on ? NULL : advice, err);
}

static int add_report(const struct dynamodb_report *report, const char *subject,
		      struct doctor *doctor, struct gk_error *err)
{
	const char *value = report->unknown.code == GK_OK ? "there, and of the right shape"
							  : report->unknown.message;

	if (add(doctor, report->unknown.code == GK_OK ? FINDING_OK : FINDING_UNKNOWN, subject,
		value, NULL, err) < 0 ||
	    add_feature(doctor, "deletion protection", report->deletion_protection,
			&report->unknown,
			"aws dynamodb update-table --deletion-protection-enabled turns it on", err) <
		    0 ||
	    add_feature(doctor, "point-in-time recovery", report->recovery,
			&report->recovery_error, INIT_ADVICE, err) < 0)
		return -1;
	return add_feature(doctor, "expiry of rows", report->expiry, &report->expiry_error,
			   INIT_ADVICE, err);
}

static int examine_table(struct context *context, const struct store_address *store,
			 struct doctor *doctor, bool *ret_usable, struct gk_error *err)
{
	const struct dynamodb_place place = {store->name, store->region, store->endpoint};
	_cleanup_free_ char *subject = gk_str_format(err, "dynamodb:%s", store->name);
	struct dynamodb_report report = {0};
	struct gk_error failure = {0};

	if (!subject)
		return -1;
	if (!context->aws || !doctor->has_credentials)
		return add(doctor, FINDING_UNKNOWN, subject,
			   "not looked at: that needs settings and credentials that work", NULL,
			   err);
	if (dynamodb_inventory_examine(context->aws, &place, &report, &failure) < 0)
		return add(doctor, FINDING_PROBLEM, subject, failure.message, NULL, err);
	*ret_usable = true;
	return add_report(&report, subject, doctor, err);
}

/* ---- the newest releases ---- */

static int add_place(struct doctor *doctor, const struct image *image, struct gk_error *err)
{
	const char *snapshot = image->snapshot_count ? image->snapshots[0].id : NULL;
	struct doctor_place *place = doctor_add_place(doctor, image->location, err);

	if (!place)
		return -1;
	if (place->image)
		return 0;
	place->image = doctor_keep(doctor, image->id, err);
	place->snapshot = snapshot ? doctor_keep(doctor, snapshot, err) : NULL;
	return place->image && (place->snapshot || !snapshot) ? 0 : -1;
}

/* Of the newest few, the first that is live. */
static int add_newest(struct context *context, const char *family, struct doctor *doctor,
		      struct gk_error *err)
{
	_cleanup_(release_list_done) struct release_list list = {0};
	const struct release *newest = NULL;
	char label[RELEASE_LABEL_SIZE];
	int result = 0;

	if (context->inventory->ops->page(context->inventory, family, INVENTORY_ALIVE, NULL,
					  NEWEST, &list, err) < 0)
		return -1;
	for (size_t i = 0; !newest && i < list.count; i++)
		if (list.items[i].state == RELEASE_LIVE)
			newest = &list.items[i];
	if (!newest)
		return 0;
	if (!doctor->known_family)
		doctor->known_family = doctor_keep(doctor, family, err);
	if (!doctor->known_family)
		return -1;
	for (size_t i = 0; result == 0 && i < newest->image_count; i++)
		result = add_place(doctor, &newest->images[i], err);
	return result < 0 ? -1
			  : add(doctor, FINDING_OK, "newest release", release_label(newest, label),
				NULL, err);
}

/* Another's family may be one that these credentials may not read. */
static int read_one(struct context *context, const char *family, struct doctor *doctor,
		    struct gk_error *err)
{
	_cleanup_free_ char *subject = NULL;
	struct gk_error failure = {0};

	if (add_newest(context, family, doctor, &failure) == 0)
		return 0;
	if (failure.code != GK_DENIED) {
		*err = failure;
		return -1;
	}
	subject = gk_str_format(err, "family %s", family);
	return subject ? add(doctor, FINDING_UNKNOWN, subject, failure.message, NULL, err) : -1;
}

static int read_families(struct context *context, struct doctor *doctor, struct gk_error *err)
{
	_cleanup_(gk_strv_done) struct gk_strv families = {0};
	_cleanup_free_ char *text = NULL;

	if (context->inventory->ops->families(context->inventory, false, &families, err) < 0)
		return -1;
	text = gk_str_format(err, "%zu", families.count);
	if (!text || add(doctor, FINDING_OK, "families", text, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < families.count && i < FAMILIES_MAX; i++)
		if (read_one(context, families.items[i], doctor, err) < 0)
			return -1;
	doctor->is_new = families.count == 0;
	return 0;
}

static int read_family(struct context *context, const char *family, struct doctor *doctor,
		       struct gk_error *err)
{
	bool known = false;

	if (inventory_knows_family(context->inventory, family, &known, err) < 0 ||
	    add_newest(context, family, doctor, err) < 0)
		return -1;
	doctor->is_new = !known;
	return 0;
}

/* Who is named may be all that these credentials may read. */
static int read_inventory(struct context *context, const char *family, struct doctor *doctor,
			  struct gk_error *err)
{
	struct gk_error failure = {0};
	int result = 0;

	inventory_closep(&context->inventory);
	result = context_open_inventory(context, family, true, &failure);
	if (result == 0)
		result = context_family(context, 0)
				 ? read_family(context, family, doctor, &failure)
				 : read_families(context, doctor, &failure);
	inventory_closep(&context->inventory);
	if (result < 0)
		return add(doctor, FINDING_PROBLEM, "reading", failure.message, NULL, err);
	return 0;
}

/* ---- the whole ---- */

static int examine(struct context *context, const struct feature_options *family,
		   struct doctor *doctor, struct gk_error *err)
{
	const struct store_address *store = &family->store;
	const char *name = family->order.family;
	bool usable = false;

	if ((store->dynamodb ? examine_table(context, store, doctor, &usable, err)
			     : examine_file(context, name, store->name, doctor, &usable, err)) < 0)
		return -1;
	return usable ? read_inventory(context, name, doctor, err) : 0;
}

/* Each store once: families may have their own. */
int doctor_inventory(struct context *context, struct doctor *doctor, struct gk_error *err)
{
	bool is_new = false;

	for (size_t i = 0; i < doctor->family_count; i++) {
		const struct feature_options *family = &doctor->families[i];
		size_t first = 0;

		while (!store_address_equal(&doctor->families[first].store, &family->store))
			first++;
		if (first == i && examine(context, family, doctor, err) < 0)
			return -1;
		is_new = i == 0 ? doctor->is_new : is_new;
	}
	doctor->is_new = is_new;
	return 0;
}
