/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: tlscopy BYTES
 *
 * Sends so many bytes of memory from one process to another, which puts them
 * into fresh memory, by TLS 1.3 over a TCP connection on this machine, and
 * prints the microseconds from the first to the last of them: what moves are
 * measured against.
 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 256 << 10 };

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "tlscopy: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

/* As hexo-vm has it for its guest. */
static unsigned char *memory(uint64_t bytes)
{
	void *p = mmap(NULL, bytes + ROOM, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		die("no memory");
	(void)madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* A context with a key of its own. */
static SSL_CTX *context(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509 *cert = X509_new();

	if (!ctx || !key || !cert)
		die("no context");
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	if (!X509_sign(cert, key, NULL) ||
	    SSL_CTX_use_certificate(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1)
		die("no certificate");
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

/* Both ends of a connection; the caller forks between. */
static void connect_pair(int ends[2])
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int at = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(at, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(at, 1) < 0 ||
	    getsockname(at, (struct sockaddr *)&addr, &len) < 0 ||
	    connect(ends[0], (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die("no connection");
	ends[1] = accept(at, NULL, NULL);
	close(at);
}

static void receive(int fd, uint64_t bytes)
{
	SSL *ssl = SSL_new(context(TLS_server_method()));
	unsigned char *to = memory(bytes);

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) != 1)
		die("no handshake");
	while (bytes) {
		size_t got;

		if (SSL_read_ex(ssl, to, ROOM, &got) != 1)
			die("cannot read");
		to += got;
		bytes -= got < bytes ? got : bytes;
	}
	if (SSL_write(ssl, "+", 1) != 1)
		die("cannot answer");
}

static void copy(int fd, uint64_t bytes)
{
	SSL *ssl = SSL_new(context(TLS_client_method()));
	unsigned char *from = memory(bytes);
	uint64_t begin;
	char answer;

	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1 || RAND_bytes(from, ROOM) != 1)
		die("no handshake");
	for (uint64_t at = ROOM; at < bytes; at += ROOM)
		memcpy(from + at, from, ROOM);
	begin = now_us();
	while (bytes) {
		size_t n = bytes < ROOM ? bytes : ROOM, sent;

		if (SSL_write_ex(ssl, from, n, &sent) != 1)
			die("cannot write");
		from += sent;
		bytes -= sent;
	}
	if (SSL_read(ssl, &answer, 1) != 1)
		die("no answer");
	printf("%llu\n", (unsigned long long)(now_us() - begin));
}

int main(int argc, char **argv)
{
	uint64_t bytes = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
	int ends[2], status = 0;
	pid_t pid;

	if (!bytes)
		die("usage: tlscopy BYTES");
	connect_pair(ends);
	pid = fork();
	if (pid == 0) {
		receive(ends[1], bytes);
		return 0;
	}
	close(ends[1]);
	copy(ends[0], bytes);
	return pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0;
}
