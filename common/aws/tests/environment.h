/*
 * An environment of a test's own: "NAME=value NAME=value", and the shared files of
 * testdata/aws-profiles/. Nothing of the real environment is seen.
 */
#ifndef GK_AWS_TESTS_ENVIRONMENT_H
#define GK_AWS_TESTS_ENVIRONMENT_H

/* The text is copied. "" leaves only AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, which it may
 * set otherwise. */
void environment_set(const char *text);

/* For struct aws_options. */
const char *environment_get(const char *name);

#endif
