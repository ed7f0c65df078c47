/* libcurl against a server of our own on the loopback interface: the one test with sockets. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/tests/unit.h"
#include "net/transport.h"

enum { REQUEST_MAX = 16384, PATIENCE_MS = 30000 };

struct server {
	pid_t pid;
	int port;
};

struct fixture {
	struct server server;
	struct http_transport *transport;
};

/* ---- the server ---- */

static void put(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t n = send(fd, text, length, MSG_NOSIGNAL);

		if (n <= 0)
			_exit(0);
		text += n;
		length -= (size_t)n;
	}
}

static void put_answer(int fd, const char *body)
{
	char head[128];

	snprintf(head, sizeof(head),
		 "HTTP/1.1 200 OK\r\nX-Mixed-Case: Yes \r\nContent-Length: %zu\r\n\r\n",
		 strlen(body));
	put(fd, head);
	put(fd, body);
}

static void put_flood(int fd)
{
	static char block[1 << 16];
	size_t most = (size_t)HTTP_RESPONSE_MAX + (1 << 20);

	memset(block, 'x', sizeof(block) - 1);
	put(fd, "HTTP/1.1 200 OK\r\n\r\n");
	for (size_t sent = 0; sent < most; sent += sizeof(block) - 1)
		put(fd, block);
	_exit(0);
}

/* Reads a request: its head, and as much of a body as the head announces. */
static void take_request(int fd, char *request)
{
	size_t length = 0;
	size_t whole = REQUEST_MAX - 1;

	while (length < whole) {
		ssize_t n = read(fd, request + length, whole - length);
		const char *end = NULL;
		const char *announced = NULL;

		if (n <= 0)
			_exit(0);
		length += (size_t)n;
		request[length] = '\0';
		end = strstr(request, "\r\n\r\n");
		announced = strstr(request, "Content-Length: ");
		if (end)
			whole = (size_t)(end - request) + 4 +
				(announced ? strtoul(announced + 16, NULL, 10) : 0);
	}
}

static void answer_request(int fd, const char *request)
{
	char pid[32];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (strstr(request, " /echo"))
		put_answer(fd, request);
	else if (strstr(request, "/pid "))
		put_answer(fd, pid);
	else if (strstr(request, " /redirect"))
		put(fd, "HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n");
	else if (strstr(request, " /early"))
		put(fd, "HTTP/1.1 103 Early Hints\r\nEarly: 1\r\n\r\nHTTP/1.1 500 No\r\n"
			"Late: 1\r\nContent-Length: 2\r\n\r\nno");
	else if (strstr(request, " /hang"))
		pause();
	else if (strstr(request, " /flood"))
		put_flood(fd);
	else if (strstr(request, " /cut")) {
		put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
		_exit(0);
	} else
		_exit(0);
}

static void serve_connection(int fd)
{
	static char request[REQUEST_MAX];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		take_request(fd, request);
		answer_request(fd, request);
	}
}

static void serve(int listener)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		if (fork() == 0)
			serve_connection(fd);
		close(fd);
	}
}

/* A listening socket on a free port. */
static int open_port(int *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static void start_server(struct server *server)
{
	int listener = open_port(&server->port);

	fflush(NULL);
	server->pid = test_fork();
	assert_true(server->pid >= 0);
	if (server->pid == 0)
		serve(listener);
	close(listener);
}

/* ---- the tests ---- */

static const char *read_environment(const char *name)
{
	return getenv(name);
}

static int set_up(void **state)
{
	struct http_curl_options options = {.user_agent = "goldkeep/test", .env = read_environment};
	struct fixture *f = calloc(1, sizeof(*f));
	struct gk_error err = {0};

	assert_non_null(f);
	start_server(&f->server);
	assert_success(http_curl_new(&options, &f->transport, &err), &err);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	http_transport_free(f->transport);
	kill(f->server.pid, SIGKILL);
	waitpid(f->server.pid, NULL, 0);
	free(f);
	return 0;
}

static void begin(struct fixture *f, struct http_exchange *exchange, const char *url)
{
	struct gk_error err = {0};

	exchange->request.method = "POST";
	exchange->request.timeout_ms = exchange->request.timeout_ms ? exchange->request.timeout_ms
								    : PATIENCE_MS;
	assert_success(gk_str_set(&exchange->request.url, url, &err), &err);
	assert_success(f->transport->ops->start(f->transport, exchange, &err), &err);
}

static void begin_path(struct fixture *f, struct http_exchange *exchange, const char *path)
{
	char url[256];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", f->server.port, path);
	begin(f, exchange, url);
}

static struct http_exchange *await(struct fixture *f)
{
	struct http_exchange *done = NULL;
	struct gk_error err = {0};

	assert_success(f->transport->ops->wait(f->transport, PATIENCE_MS, &done, &err), &err);
	assert_non_null(done);
	return done;
}

static void test_what_is_sent(void **state)
{
	struct fixture *f = *state;
	struct http_exchange exchange = {0};
	const char *text = NULL;

	gk_buf_adds(&exchange.request.body, "a=b");
	assert_int_equal(gk_strv_add(&exchange.request.headers, "Host: signed.example:99", NULL),
			 0);
	begin_path(f, &exchange, "/echo/./%2e/");
	assert_ptr_equal(await(f), &exchange);
	text = gk_buf_text(&exchange.response.body);
	assert_string_equal(exchange.response.failure, "");
	assert_int_equal(exchange.response.status, 200);
	assert_string_equal(http_response_header(&exchange.response, "x-mixed-case"), "Yes");
	assert_null(http_response_header(&exchange.response, "x-mixed"));
	assert_ptr_equal(strstr(text, "POST /echo/./%2e/ HTTP/1.1\r\n"), text);
	assert_non_null(strstr(text, "Host: signed.example:99\r\n"));
	assert_non_null(strstr(text, "User-Agent: goldkeep/test\r\n"));
	assert_non_null(strstr(text, "Accept-Encoding: identity\r\n"));
	assert_non_null(strstr(text, "\r\n\r\na=b"));
	assert_null(strstr(text, "Expect"));
	assert_null(strstr(text, "Content-Type"));
	http_exchange_done(&exchange);
}

static void test_connection_is_used_again(void **state)
{
	struct fixture *f = *state;
	struct http_exchange first = {0};
	struct http_exchange second = {0};

	begin_path(f, &first, "/pid");
	await(f);
	begin_path(f, &second, "/pid");
	await(f);
	assert_string_equal(gk_buf_text(&first.response.body),
			    gk_buf_text(&second.response.body));
	http_exchange_done(&first);
	http_exchange_done(&second);
}

static void test_many_at_once(void **state)
{
	struct fixture *f = *state;
	struct http_exchange exchanges[20] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(exchanges); i++)
		begin_path(f, &exchanges[i], i % 2 ? "/echo" : "/pid");
	for (size_t i = 0; i < ARRAY_SIZE(exchanges); i++)
		assert_int_equal(await(f)->response.status, 200);
	for (size_t i = 0; i < ARRAY_SIZE(exchanges); i++)
		http_exchange_done(&exchanges[i]);
}

static void test_refused(void **state)
{
	struct fixture *f = *state;
	struct http_exchange exchange = {0};
	char url[64];
	int port = 0;

	close(open_port(&port));
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
	begin(f, &exchange, url);
	await(f);
	assert_int_equal(exchange.response.status, 0);
	assert_string_equal(exchange.response.failure, "connection refused");
	assert_true(exchange.response.unsent);
	assert_false(exchange.response.timed_out);
	http_exchange_done(&exchange);
}

/* Path of the server, and what is to be said about its answer. */
static void test_broken_answers(void **state)
{
	static const struct {
		const char *path, *failure;
	} rows[] = {
		{"/cut", "the answer was cut short"},
		{"/none", "the connection was closed without an answer"},
		{"/flood", "the answer is larger than 32 MiB"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct http_exchange exchange = {0};

		begin_path(f, &exchange, rows[i].path);
		await(f);
		assert_string_equal(exchange.response.failure, rows[i].failure);
		assert_false(exchange.response.unsent);
		http_exchange_done(&exchange);
	}
}

static void test_redirect_is_not_followed(void **state)
{
	struct fixture *f = *state;
	struct http_exchange exchange = {0};

	begin_path(f, &exchange, "/redirect");
	await(f);
	assert_int_equal(exchange.response.status, 302);
	assert_string_equal(http_response_header(&exchange.response, "location"), "/echo");
	assert_string_equal(exchange.response.failure, "");
	http_exchange_done(&exchange);
}

static void test_headers_are_those_of_the_last_answer(void **state)
{
	struct fixture *f = *state;
	struct http_exchange exchange = {0};

	begin_path(f, &exchange, "/early");
	await(f);
	assert_int_equal(exchange.response.status, 500);
	assert_null(http_response_header(&exchange.response, "early"));
	assert_string_equal(http_response_header(&exchange.response, "late"), "1");
	assert_string_equal(gk_buf_text(&exchange.response.body), "no");
	http_exchange_done(&exchange);
}

static void test_time_is_up(void **state)
{
	struct fixture *f = *state;
	struct http_exchange exchange = {.request.timeout_ms = 20};
	struct http_exchange *none = &exchange;
	struct gk_error err = {0};

	begin_path(f, &exchange, "/hang");
	assert_success(f->transport->ops->wait(f->transport, 0, &none, &err), &err);
	assert_null(none);
	await(f);
	assert_int_equal(exchange.response.status, 0);
	assert_non_null(strstr(exchange.response.failure, "timed out"));
	assert_true(exchange.response.timed_out);
	assert_false(exchange.response.unsent);
	http_exchange_done(&exchange);
}

/* A request may set a ceiling of its own, and may be sent again on what is forgotten. */
static void test_ceiling_of_a_request(void **state)
{
	struct fixture *f = *state;
	struct http_exchange exchange = {.request.answer_max = 16};
	struct gk_error err = {0};

	begin_path(f, &exchange, "/echo");
	await(f);
	assert_string_equal(exchange.response.failure, "the answer is larger than 16 bytes");
	http_exchange_clear_answer(&exchange);
	assert_string_equal(exchange.response.failure, "");
	exchange.request.answer_max = 4096;
	assert_success(f->transport->ops->start(f->transport, &exchange, &err), &err);
	await(f);
	assert_string_equal(exchange.response.failure, "");
	assert_int_equal(exchange.response.status, 200);
	http_exchange_done(&exchange);
}

/* What must not go through a proxy does not, whatever host it is for. */
static void test_no_proxy_when_asked(void **state)
{
	struct fixture *f = *state;
	struct http_exchange through = {0};
	struct http_exchange direct = {.request.no_proxy = true};
	char proxy[64];

	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", f->server.port);
	setenv("http_proxy", proxy, 1);
	begin(f, &through, "http://nowhere.invalid/pid");
	await(f);
	begin(f, &direct, "http://nowhere.invalid/pid");
	await(f);
	unsetenv("http_proxy");
	assert_int_equal(through.response.status, 200);
	assert_int_equal(direct.response.status, 0);
	assert_true(direct.response.unsent);
	http_exchange_done(&through);
	http_exchange_done(&direct);
}

static void test_only_http(void **state)
{
	static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/",
					   "http://[::1/"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		struct http_exchange exchange = {0};

		begin(f, &exchange, urls[i]);
		await(f);
		assert_int_equal(exchange.response.status, 0);
		assert_true(exchange.response.failure[0] != '\0');
		assert_int_equal(exchange.response.body.length, 0);
		http_exchange_done(&exchange);
	}
}

static void test_no_proxy_for_loopback(void **state)
{
	struct fixture *f = *state;
	struct http_exchange exchange = {0};

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	begin_path(f, &exchange, "/pid");
	await(f);
	unsetenv("http_proxy");
	assert_string_equal(exchange.response.failure, "");
	assert_int_equal(exchange.response.status, 200);
	http_exchange_done(&exchange);
}

/* What is still in flight when the transport goes is let go of. */
static void test_free_in_flight(void **state)
{
	struct fixture *f = *state;
	struct http_exchange exchange = {0};

	begin_path(f, &exchange, "/hang");
	http_transport_free(f->transport);
	f->transport = NULL;
	http_exchange_done(&exchange);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_sent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_connection_is_used_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_broken_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_redirect_is_not_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_headers_are_those_of_the_last_answer, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_time_is_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ceiling_of_a_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_proxy_when_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_only_http, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_proxy_for_loopback, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_free_in_flight, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
