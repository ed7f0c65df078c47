/* Pointers (SSM parameters) and deprecation. */
#include "cloud/rehearsal.h"
#include "cloud/tests/aws_fixture.h"

#define PUT "AmazonSSM.PutParameter"
#define PUT_DONE "{\"Version\":3,\"Tier\":\"Standard\"}"
#define DEPRECATE "Action=EnableImageDeprecation&"
#define DEPRECATED                                                                                 \
	"<EnableImageDeprecationResponse><return>true</return></EnableImageDeprecationResponse>"
#define SSM_ERROR(code, message) "{\"__type\":\"" code "\",\"message\":\"" message "\"}"
#define HELD(name, value, type, data_type)                                                         \
	"{\"Name\":\"" name "\",\"Value\":\"" value "\",\"Type\":\"" type                          \
	"\",\"DataType\":\"" data_type "\",\"Version\":7}"
#define HELD_IMAGE(name, value) HELD(name, value, "String", "aws:ec2:image")
#define NO_VALUES(name) "{\"Parameters\":[],\"InvalidParameters\":[\"" name "\"]}"

static struct cloud_pointer pointer_to(const char *region, const char *name, bool pinned)
{
	return (struct cloud_pointer){
		.location = region, .name = name, .id = "ami-1", .pinned = pinned};
}

static void read_pointers(struct fixture *f, struct cloud_pointer *pointers, size_t count)
{
	struct gk_error err = {0};

	assert_success(f->cloud->ops->read_pointers(f->cloud, pointers, count, &err), &err);
	assert_int_equal(f->script->unexpected, 0);
}

static void write_pointers(struct fixture *f, struct cloud_pointer *pointers, size_t count)
{
	struct gk_error err = {0};

	assert_success(f->cloud->ops->write_pointers(f->cloud, pointers, count, &err), &err);
	assert_int_equal(f->script->unexpected, 0);
}

static void done(struct cloud_pointer *pointers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cloud_pointer_done(&pointers[i]);
}

static void assert_error(const struct gk_error *error, enum gk_code code, const char *text)
{
	if (error->code != code)
		fail_msg("code %d: %s", error->code, error->message);
	if (!strstr(error->message, text))
		fail_msg("\"%s\" is not in: %s", text, error->message);
}

/* ---- reading ---- */

static void test_all_regions_and_batches_at_once(void **state)
{
	static const char names[][4] = {"/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9"};
	struct fixture *f = *state;
	struct cloud_pointer pointers[13] = {0};
	struct gk_buf ten = {0};

	gk_buf_adds(&ten, "{\"Parameters\":[");
	for (size_t i = 0; i < 10; i++) {
		pointers[i] = pointer_to(EU, names[i], false);
		gk_buf_addf(&ten, "%s{\"Name\":\"%s\",\"Value\":\"ami-%zu\"}", i ? "," : "",
			    names[i], i);
	}
	gk_buf_adds(&ten, "],\"InvalidParameters\":[]}");
	pointers[10] = pointer_to(US, "/0", false);
	/* The eleventh of a region, and one that is asked for twice. */
	pointers[11] = pointer_to(EU, "/a", false);
	pointers[12] = pointer_to(US, "/0", true);
	answer(f, EU, "\"/9\"", gk_buf_text(&ten));
	answer(f, EU, "[\"/a\"]", VALUES_ANSWER(HELD_IMAGE("/a", "ami-a")));
	always(f, US, "[\"/0\"]", NO_VALUES("/0"));
	read_pointers(f, pointers, ARRAY_SIZE(pointers));
	assert_int_equal(f->script->rounds, 1);
	assert_int_equal(f->script->sent_count, 4);
	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
		assert_string_equal(pointers[i].error.message, "");
		assert_int_equal(pointers[i].present, strcmp(pointers[i].location, EU) == 0);
		assert_null(pointers[i].kind);
	}
	assert_string_equal(pointers[7].value, "ami-7");
	assert_null(pointers[10].value);
	assert_string_equal(pointers[11].value, "ami-a");
	done(pointers, ARRAY_SIZE(pointers));
	gk_buf_done(&ten);
}

static void test_kinds(void **state)
{
	static const struct {
		const char *answer, *value, *kind;
	} rows[] = {
		{VALUES_ANSWER(HELD_IMAGE("/a", "ami-1")), "ami-1", NULL},
		{VALUES_ANSWER(VALUE("/a", "ami-1")), "ami-1", NULL},
		{VALUES_ANSWER(HELD("/a", "ami-1", "String", "text")), "ami-1", "text"},
		{VALUES_ANSWER(HELD("/a", "x", "String", "aws:ssm:integration")), "x",
		 "aws:ssm:integration"},
		{VALUES_ANSWER(HELD("/a", "a,b", "StringList", "text")), "a,b", "StringList"},
		{VALUES_ANSWER(HELD("/a", "AQ==", "SecureString", "text")), "AQ==",
		 "SecureString"},
	};
	struct fixture *f = *state;
	struct cloud_pointer pointer = pointer_to(EU, "/a", false);

	/* The same one again and again: what was read before must not stay. */
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		answer(f, EU, PARAMETERS, rows[i].answer);
		read_pointers(f, &pointer, 1);
		assert_string_equal(pointer.error.message, "");
		assert_true(pointer.present);
		assert_string_equal(pointer.value, rows[i].value);
		assert_true(gk_str_equal(pointer.kind, rows[i].kind));
	}
	answer(f, EU, PARAMETERS, NO_VALUES("/a"));
	read_pointers(f, &pointer, 1);
	assert_false(pointer.present);
	assert_null(pointer.value);
	assert_null(pointer.kind);
}

static void test_what_the_answer_leaves_out_is_not_absent(void **state)
{
	static const char *const answers[] = {
		"{\"Parameters\":[],\"InvalidParameters\":[]}",
		"{}",
		VALUES_ANSWER(HELD_IMAGE("/b", "ami-1")),
		NO_VALUES("/b"),
		VALUES_ANSWER("{\"Name\":\"/a\"}"),
	};
	struct fixture *f = *state;
	struct cloud_pointer pointer = pointer_to(EU, "/a", false);

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		answer(f, EU, PARAMETERS, answers[i]);
		read_pointers(f, &pointer, 1);
		assert_error(&pointer.error, GK_FAILED, "GetParameters of /a in " EU ": ");
		assert_false(pointer.present);
	}
}

static void test_one_that_may_not_be_read(void **state)
{
	struct fixture *f = *state;
	struct cloud_pointer pointers[] = {pointer_to(EU, "/a", false), pointer_to(EU, "/b", false),
					   pointer_to(US, "/a", false)};

	refuse_once(f, "\"/a\",\"/b\"", SSM_ERROR("AccessDeniedException", "no /b"));
	refuse(f, EU, "[\"/b\"]", SSM_ERROR("AccessDeniedException", "no /b"));
	always(f, NULL, "[\"/a\"]", VALUES_ANSWER(HELD_IMAGE("/a", "ami-1")));
	read_pointers(f, pointers, 3);
	assert_string_equal(pointers[0].value, "ami-1");
	assert_error(&pointers[1].error, GK_DENIED,
		     "GetParameters of /b in " EU ": AccessDeniedException: no /b (allow "
		     "ssm:GetParameters on this parameter)");
	assert_string_equal(pointers[2].value, "ami-1");
	assert_int_equal(f->script->rounds, 2);
	assert_int_equal(f->script->sent_count, 4);
	done(pointers, 3);
}

/* ---- writing ---- */

static void test_write(void **state)
{
	struct fixture *f = *state;
	struct cloud_pointer pointers[] = {pointer_to(EU, "/web/stable", false),
					   pointer_to(US, "/web/1.4.2", true),
					   pointer_to("sa-east-1", "/web/stable", false)};

	answer(f, EU, "\"Name\":\"/web/stable\",\"Value\":\"ami-1\",\"Type\":\"String\","
		      "\"DataType\":\"aws:ec2:image\",\"Tier\":\"Standard\",\"Overwrite\":true}",
	       PUT_DONE);
	answer(f, US, "\"Name\":\"/web/1.4.2\",\"Value\":\"ami-1\",\"Type\":\"String\","
		      "\"DataType\":\"aws:ec2:image\",\"Tier\":\"Standard\",\"Overwrite\":false}",
	       PUT_DONE);
	refuse(f, "sa-east-1", PUT, SSM_ERROR("AccessDeniedException", "no"));
	write_pointers(f, pointers, 3);
	assert_string_equal(pointers[0].error.message, "");
	assert_string_equal(pointers[1].error.message, "");
	assert_error(&pointers[2].error, GK_DENIED,
		     "PutParameter of /web/stable in sa-east-1: AccessDeniedException: no (allow "
		     "ssm:PutParameter on this parameter)");
	assert_int_equal(f->script->rounds, 1);
	assert_int_equal(http_script_count(f->script, PUT), 3);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *body;
		enum gk_code code;
		const char *text;
	} rows[] = {
		{SSM_ERROR("ParameterMaxVersionLimitExceeded", "x"), GK_FAILED, "move the label"},
		{SSM_ERROR("ParameterLimitExceeded", "x"), GK_FAILED, "delete some"},
		{SSM_ERROR("ParameterPatternMismatchException", "x"), GK_FAILED, "AllowedPattern"},
		{SSM_ERROR("HierarchyLevelLimitExceededException", "x"), GK_FAILED, "x"},
		{SSM_ERROR("UnsupportedParameterType", "x"), GK_REFUSED, "x"},
		{SSM_ERROR("ValidationException", "x"), GK_FAILED, "x"},
		{SSM_ERROR("UnknownOperationException", "x"), GK_UNSUPPORTED, "x"},
	};
	struct fixture *f = *state;

	/* What is there would not stand in the way. */
	always(f, EU, PARAMETERS, VALUES_ANSWER(HELD_IMAGE("/a", "ami-0")));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cloud_pointer pointer = pointer_to(EU, "/a", false);

		refuse_once(f, PUT, rows[i].body);
		write_pointers(f, &pointer, 1);
		assert_error(&pointer.error, rows[i].code, "PutParameter of /a in " EU);
		assert_error(&pointer.error, rows[i].code, rows[i].text);
		cloud_pointer_done(&pointer);
	}
}

static void test_another_data_type(void **state)
{
	static const char *const refusals[] = {
		SSM_ERROR("HierarchyTypeMismatchException", "type"),
		SSM_ERROR("ValidationException", "the data type cannot be changed"),
		SSM_ERROR("UnsupportedParameterType", "type"),
		SSM_ERROR("ParameterAlreadyExists", "there"),
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct cloud_pointer pointers[] = {pointer_to(EU, "/a", i == 3),
						   pointer_to(US, "/a", false)};

		refuse_once(f, PUT, refusals[i]);
		answer(f, US, PUT, PUT_DONE);
		answer(f, EU, PARAMETERS, VALUES_ANSWER(HELD("/a", "ami-1", "String", "text")));
		write_pointers(f, pointers, 2);
		assert_error(&pointers[0].error, GK_REFUSED,
			     "parameter /a in " EU " is of the type text");
		assert_string_equal(pointers[1].error.message, "");
		assert_int_equal(http_script_unused(f->script), 0);
		done(pointers, 2);
	}
}

static void test_pinned_and_there_already(void **state)
{
	static const struct {
		const char *held;
		enum gk_code code;
		const char *text;
	} rows[] = {
		{VALUES_ANSWER(HELD_IMAGE("/a", "ami-1")), GK_OK, ""},
		/* Accepted, and not visible yet. */
		{NO_VALUES("/a"), GK_OK, ""},
		{VALUES_ANSWER(HELD_IMAGE("/a", "ami-2")), GK_CONFLICT,
		 "parameter /a in " EU " names ami-2 already"},
		{"{}", GK_CONFLICT, "ParameterAlreadyExists"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cloud_pointer pointer = pointer_to(EU, "/a", true);

		/* The answer to the first attempt is lost. */
		assert_int_equal(http_script_add(f->script, &(struct script_answer){
								    .match = PUT,
								    .failure = "reset"}),
				 0);
		refuse_once(f, PUT, SSM_ERROR("ParameterAlreadyExists", "there"));
		answer(f, EU, PARAMETERS, rows[i].held);
		write_pointers(f, &pointer, 1);
		assert_error(&pointer.error, rows[i].code, rows[i].text);
		cloud_pointer_done(&pointer);
	}
	assert_int_equal(http_script_count(f->script, PUT), 2 * ARRAY_SIZE(rows));
}

static void test_tried_again(void **state)
{
	static const char *const passing[] = {
		SSM_ERROR("TooManyUpdates", "x"),
		SSM_ERROR("ThrottlingException", "Rate exceeded"),
		SSM_ERROR("InternalServerError", "x"),
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(passing); i++) {
		struct cloud_pointer pointer = pointer_to(EU, "/a", false);

		refuse_once(f, PUT, passing[i]);
		answer(f, EU, PUT, PUT_DONE);
		write_pointers(f, &pointer, 1);
		assert_string_equal(pointer.error.message, "");
	}
	assert_int_equal(http_script_count(f->script, PUT), 2 * ARRAY_SIZE(passing));
}

static void test_an_answer_without_a_version(void **state)
{
	struct fixture *f = *state;
	struct cloud_pointer pointer = pointer_to(EU, "/a", false);

	answer(f, EU, PUT, "{\"Tier\":\"Standard\"}");
	write_pointers(f, &pointer, 1);
	assert_error(&pointer.error, GK_FAILED,
		     "PutParameter of /a in " EU ": the answer names no version");
}

/* ---- deprecating ---- */

#define AGING(id, when)                                                                            \
	"<item><imageId>" id "</imageId><imageState>available</imageState><imageOwnerId>1"         \
	"</imageOwnerId><deprecationTime>" when "</deprecationTime></item>"

/* The clock of the tests says 2026-11-20T12:36:00Z. */
#define SIX_MINUTES "DeprecateAt=2026-11-20T12%3A42%3A00Z"

static void deprecate(struct fixture *f, struct cloud_deprecation *work, size_t count)
{
	struct gk_error err = {0};

	assert_success(f->cloud->ops->deprecate(f->cloud, work, count, &err), &err);
	assert_int_equal(f->script->unexpected, 0);
}

static void test_deprecate(void **state)
{
	struct fixture *f = *state;
	struct cloud_deprecation work[] = {{.location = EU, .id = "ami-1"},
					   {.location = US, .id = "ami-2"},
					   {.location = US, .id = "ami-3"},
					   {.location = US, .id = "ami-4"},
					   {.location = "sa-east-1", .id = "ami-5"}};

	f->clock.ms += 59 * 1000;
	answer(f, EU, IMAGES, IMAGES_ANSWER(IMAGE("ami-1", "available")));
	/* One that is deprecated already, one that will be next year, one that is gone. */
	answer(f, US, IMAGES,
	       IMAGES_ANSWER(AGING("ami-2", "2026-11-20T12:42:00.000Z")
			     AGING("ami-3", "2027-11-20T12:00:00.000Z")));
	refuse(f, "sa-east-1", IMAGES, EC2_ERROR("UnauthorizedOperation", "no"));
	answer(f, EU, "ImageId=ami-1&" SIX_MINUTES, DEPRECATED);
	answer(f, US, "ImageId=ami-3&" SIX_MINUTES, DEPRECATED);
	deprecate(f, work, ARRAY_SIZE(work));
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(work[i].error.message, "");
	assert_error(&work[3].error, GK_NOT_FOUND, "ami-4 in " US " does not exist");
	assert_error(&work[4].error, GK_DENIED, "DescribeImages in sa-east-1");
	assert_int_equal(http_script_count(f->script, DEPRECATE), 2);
	assert_int_equal(f->script->rounds, 2);
}

static void test_refused_deprecations(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum gk_code code;
		const char *text;
	} rows[] = {
		{400, EC2_ERROR("InvalidAction", "not valid"), GK_UNSUPPORTED, "not valid"},
		{400, EC2_ERROR("UnsupportedOperation", "not here"), GK_UNSUPPORTED, "not here"},
		{501, "", GK_UNSUPPORTED, "501"},
		/* Whether it knows the operation remains to be seen. */
		{500, "<html>Internal Server Error</html>", GK_FAILED, "status 500"},
		{403, EC2_ERROR("UnauthorizedOperation", "no"), GK_DENIED, "no"},
		{400, EC2_ERROR("InvalidAMIID.NotFound", "gone"), GK_NOT_FOUND, "gone"},
		{200, "<html/>", GK_FAILED, "<html>"},
		{200, "<EnableImageDeprecationResponse><return>false</return>"
		      "</EnableImageDeprecationResponse>",
		 GK_FAILED, "return"},
	};
	struct fixture *f = *state;

	always(f, EU, IMAGES, IMAGES_ANSWER(IMAGE("ami-1", "available")));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cloud_deprecation work = {.location = EU, .id = "ami-1"};
		int attempts = rows[i].code == GK_FAILED && !strstr(rows[i].body, "false") ? 3 : 1;

		for (int k = 0; k < attempts; k++)
			assert_int_equal(http_script_add(f->script, &(struct script_answer){
									    .match = DEPRECATE,
									    .status = rows[i].status,
									    .body = rows[i].body}),
					 0);
		deprecate(f, &work, 1);
		assert_error(&work.error, rows[i].code, "EnableImageDeprecation of ami-1 in " EU);
		assert_error(&work.error, rows[i].code, rows[i].text);
		assert_int_equal(http_script_unused(f->script), 0);
	}
}

static void test_a_clock_that_is_slow(void **state)
{
	struct fixture *f = *state;
	struct cloud_deprecation work = {.location = EU, .id = "ami-1"};

	assert_int_equal(
		http_script_add(f->script,
				&(struct script_answer){
					.match = IMAGES,
					.status = 400,
					.headers = "date: Fri, 20 Nov 2026 13:36:00 GMT",
					.body = EC2_ERROR("RequestExpired", "too old")}),
		0);
	answer(f, EU, IMAGES, IMAGES_ANSWER(IMAGE("ami-1", "available")));
	answer(f, EU, "DeprecateAt=2026-11-20T13%3A42%3A00Z", DEPRECATED);
	deprecate(f, &work, 1);
	assert_string_equal(work.error.message, "");
}

/* ---- dry runs ---- */

static void test_rehearsal(void **state)
{
	struct fixture *f = *state;
	struct cloud_pointer pointers[] = {pointer_to(EU, "/new", false),
					   pointer_to(EU, "/text", false),
					   pointer_to(EU, "/1.4.2", true)};
	struct cloud_deprecation work = {.location = EU, .id = "ami-1"};
	struct gk_error err = {0};

	assert_success(rehearsal_cloud_open(f->cloud, &f->cloud, &err), &err);
	always(f, EU, PARAMETERS,
	       "{\"Parameters\":[" HELD("/text", "ami-1", "String", "text") ","
	       HELD_IMAGE("/1.4.2", "ami-0") "],\"InvalidParameters\":[\"/new\"]}");
	always(f, EU, IMAGES, IMAGES_ANSWER(IMAGE("ami-1", "available")));
	write_pointers(f, pointers, 3);
	assert_string_equal(pointers[0].error.message, "");
	assert_error(&pointers[1].error, GK_REFUSED, "of the type text");
	assert_error(&pointers[2].error, GK_CONFLICT, "names ami-0 already");
	read_pointers(f, pointers, 3);
	assert_true(pointers[0].present);
	assert_string_equal(pointers[0].value, "ami-1");
	assert_string_equal(pointers[1].kind, "text");
	assert_string_equal(pointers[2].value, "ami-0");
	deprecate(f, &work, 1);
	assert_string_equal(work.error.message, "");
	assert_non_null(cloud_look_add_image(&f->look, EU, "ami-1", &err));
	look(f);
	assert_true(f->look.images[0].deprecated_at > 0);
	assert_int_equal(http_script_count(f->script, PUT), 0);
	assert_int_equal(http_script_count(f->script, DEPRECATE), 0);
	done(pointers, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_regions_and_batches_at_once),
		TEST(test_kinds),
		TEST(test_what_the_answer_leaves_out_is_not_absent),
		TEST(test_one_that_may_not_be_read),
		TEST(test_write),
		TEST(test_refusals),
		TEST(test_another_data_type),
		TEST(test_pinned_and_there_already),
		TEST(test_tried_again),
		TEST(test_an_answer_without_a_version),
		TEST(test_deprecate),
		TEST(test_refused_deprecations),
		TEST(test_a_clock_that_is_slow),
		TEST(test_rehearsal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
