/* SPDX-License-Identifier: Apache-2.0 */
#include "node/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "node/list.h"

enum { KEY_FILE_MAX = 4096 };

const char *node_identity_error(void)
{
	unsigned long code = ERR_peek_error();
	const char *text = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return text ? text : "unknown error";
}

static int fail(struct hexo_error *err, const char *what)
{
	return hexo_fail(err, -EIO, "%s: %s", what, node_identity_error());
}

/* The file has its name only when it is whole; whoever comes second takes
 * the key of who came first. */
static int create_key(const char *path, struct hexo_error *err)
{
	cleanup_free char *new = base_printf("%s.%d", path, (int)getpid());
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	FILE *file = NULL;
	int fd, r = 0;

	if (!pkey)
		return fail(err, "cannot make a key");
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (!file)
		r = hexo_fail_errno(err, "cannot write %s", new);
	else if (PEM_write_PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL) !=
			 1 ||
		 fflush(file) || fsync(fd) < 0 ||
		 (link(new, path) < 0 && errno != EEXIST))
		r = hexo_fail_errno(err, "cannot write %s", path);
	if (file)
		fclose(file);
	unlink(new);
	EVP_PKEY_free(pkey);
	return r;
}

/* No passphrase is asked for on the terminal. */
static int no_passphrase(char *to, int size, int writing, void *ctx)
{
	return -1;
}

static int load_key(const char *path, EVP_PKEY **pkey, struct hexo_error *err)
{
	cleanup_file FILE *file = fopen(path, "re");
	struct stat st;

	if (!file)
		return errno == ENOENT
			       ? -ENOENT
			       : hexo_fail_errno(err, "cannot open %s", path);
	if (fstat(fileno(file), &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() || (st.st_mode & 077))
		return hexo_fail(err, -EPERM,
				 "%s must be this user's and nobody else's to "
				 "read (chmod 600)",
				 path);
	if (st.st_size <= KEY_FILE_MAX)
		*pkey = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
	if (!*pkey || EVP_PKEY_get_id(*pkey) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(*pkey);
		*pkey = NULL;
		ERR_clear_error();
		return hexo_fail(err, -EINVAL,
				 "%s is not a file with an Ed25519 key", path);
	}
	return 0;
}

static int make_certificate(struct node_identity *identity,
			    struct hexo_error *err)
{
	X509 *c = identity->certificate = X509_new();
	X509_NAME *name = c ? X509_get_subject_name(c) : NULL;

	/* For ever: a key is valid as long as the peer knows it. */
	if (c && X509_set_version(c, X509_VERSION_3) &&
	    ASN1_INTEGER_set(X509_get_serialNumber(c), 1) &&
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				       (const unsigned char *)"hexo", -1, -1,
				       0) &&
	    X509_set_issuer_name(c, name) &&
	    ASN1_TIME_set_string(X509_getm_notBefore(c), "19700101000000Z") &&
	    ASN1_TIME_set_string(X509_getm_notAfter(c), "99991231235959Z") &&
	    X509_set_pubkey(c, identity->pkey) &&
	    X509_sign(c, identity->pkey, NULL) &&
	    node_identity_of(c, &identity->key) == 0)
		return 0;
	return fail(err, "cannot make a certificate");
}

int node_identity_open(const char *directory, struct node_identity *identity,
		       struct hexo_error *err)
{
	cleanup_free char *path = base_printf("%s/key.pem", directory);
	int r;

	*identity = (struct node_identity){ 0 };
	/* Nobody's configuration changes what this program does. */
	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	r = node_own_directory(directory, err);
	if (r < 0)
		return r;
	r = load_key(path, &identity->pkey, err);
	if (r == -ENOENT) {
		r = create_key(path, err);
		if (r == 0)
			r = load_key(path, &identity->pkey, err);
	}
	if (r == 0)
		r = make_certificate(identity, err);
	if (r < 0)
		node_identity_close(identity);
	return r;
}

void node_identity_close(struct node_identity *identity)
{
	EVP_PKEY_free(identity->pkey);
	X509_free(identity->certificate);
	identity->pkey = NULL;
	identity->certificate = NULL;
}

int node_identity_of(X509 *certificate, struct node_key *key)
{
	unsigned len;

	/* X509_pubkey_digest() takes the key's bits only; the fingerprint is
	 * of the whole SubjectPublicKeyInfo. */
	unsigned char *der = NULL;
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	int ok = size > 0 && EVP_Digest(der, (size_t)size, key->hash, &len,
					EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	return ok ? 0 : -EINVAL;
}

/* In place of a chain to an authority: there is none. That the peer has the
 * key it shows is proved by its signature. */
static int check_certificate(X509_STORE_CTX *store, void *ctx)
{
	struct node_check *check = ctx;
	X509 *certificate = X509_STORE_CTX_get0_cert(store);
	EVP_PKEY *pkey = certificate ? X509_get0_pubkey(certificate) : NULL;

	if (pkey && EVP_PKEY_get_id(pkey) == EVP_PKEY_ED25519 &&
	    node_identity_of(certificate, &check->seen) == 0) {
		check->wrong = !check->any &&
			       !node_key_equal(&check->seen, &check->expected);
		if (!check->wrong)
			return 1;
	}
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

/* ChaCha20 comes first: it is fast everywhere, while AES is slow on boards
 * whose processor has no instructions for it, and four times slower than
 * ChaCha20 on emulated ones, which have. */
SSL_CTX *node_identity_context(const struct node_identity *identity,
			       struct node_check *check, struct hexo_error *err)
{
	SSL_CTX *c = SSL_CTX_new(TLS_method());

	if (c && SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) &&
	    SSL_CTX_set1_sigalgs_list(c, "ed25519") &&
	    SSL_CTX_set1_groups_list(c, "X25519") &&
	    SSL_CTX_set_ciphersuites(c, "TLS_CHACHA20_POLY1305_SHA256:"
					"TLS_AES_128_GCM_SHA256") &&
	    SSL_CTX_use_certificate(c, identity->certificate) &&
	    SSL_CTX_use_PrivateKey(c, identity->pkey) &&
	    SSL_CTX_set_num_tickets(c, 0)) {
		SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
		SSL_CTX_set_max_early_data(c, 0);
		SSL_CTX_set_verify(c,
				   SSL_VERIFY_PEER |
					   SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
				   NULL);
		SSL_CTX_set_cert_verify_callback(c, check_certificate, check);
		SSL_CTX_set_mode(c,
				 SSL_MODE_ENABLE_PARTIAL_WRITE |
					 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		return c;
	}
	SSL_CTX_free(c);
	fail(err, "cannot set TLS up");
	return NULL;
}
