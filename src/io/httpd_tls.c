#include "io/httpd_tls.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/pem.h>

/* Without this OpenSSL asks for a passphrase on the terminal. */
static int no_passphrase(char *out, int size, int is_writing, void *arg)
{
    (void)out, (void)size, (void)is_writing;
    *(int *)arg = 1;
    return -1;
}

static int load_certificate(SSL_CTX *tls, const char *path, struct err *e)
{
    if (access(path, R_OK) != 0)
        return err_set(e, ERR_SETTINGS, "cannot use the certificate %s: %s", path,
                       strerror(errno));
    if (SSL_CTX_use_certificate_chain_file(tls, path) == 1)
        return 0;
    unsigned long why = ERR_peek_error();
    if (ERR_GET_REASON(why) == PEM_R_NO_START_LINE)
        return err_set(e, ERR_SETTINGS,
                       "cannot use the certificate %s: it holds no PEM certificate",
                       path);
    const char *reason = ERR_reason_error_string(why);
    return err_set(e, ERR_SETTINGS, "cannot use the certificate %s: %s", path,
                   reason ? reason : "it is not readable as one");
}

static int load_key(SSL_CTX *tls, const struct httpd_tls *files, struct err *e)
{
    int has_passphrase = 0;
    SSL_CTX_set_default_passwd_cb(tls, no_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(tls, &has_passphrase);
    if (access(files->key, R_OK) != 0)
        return err_set(e, ERR_SETTINGS, "cannot use the key %s: %s", files->key,
                       strerror(errno));
    /* also compares the key with the certificate */
    int ok = SSL_CTX_use_PrivateKey_file(tls, files->key, SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(tls, NULL);
    if (ok && SSL_CTX_check_private_key(tls) == 1)
        return 0;
    if (has_passphrase)
        return err_set(e, ERR_SETTINGS,
                       "cannot use the key %s: it has a passphrase; write it without one "
                       "(openssl pkey -in %s -out NEW), readable by foyer only",
                       files->key, files->key);
    if (ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_X509)
        return err_set(e, ERR_SETTINGS,
                       "cannot use the key %s: it does not belong to the certificate %s",
                       files->key, files->cert);
    return err_set(e, ERR_SETTINGS, "cannot use the key %s: it holds no PEM private key",
                   files->key);
}

SSL_CTX *httpd_tls_load(const struct httpd_tls *files, struct err *e)
{
    ERR_clear_error();
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (!tls) {
        err_set(e, ERR_INTERNAL, "cannot set TLS up: %s",
                ERR_reason_error_string(ERR_peek_error()));
        return NULL;
    }
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    /* The length tells where a body ends, so that a client which closes without TLS's end
     * of data is not an attack. Reported as an error, it would stay in the thread's error
     * queue. */
    SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* saves 34 KB for each idle connection */
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    /* sessions resume by tickets, which the clients keep */
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    if (load_certificate(tls, files->cert, e) != 0 || load_key(tls, files, e) != 0) {
        SSL_CTX_free(tls);
        tls = NULL;
    }
    ERR_clear_error(); /* else the next connection would see these errors */
    return tls;
}

struct bufferevent *httpd_tls_accept(SSL_CTX *tls, struct event_base *base, int fd)
{
    SSL *ssl = SSL_new(tls);
    struct bufferevent *bev =
        ssl ? bufferevent_openssl_socket_new(base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                             BEV_OPT_CLOSE_ON_FREE)
            : NULL;
    if (ssl && !bev)
        SSL_free(ssl);
    return bev;
}

void httpd_tls_end(struct bufferevent *bev)
{
    SSL_shutdown(bufferevent_openssl_get_ssl(bev));
    ERR_clear_error();
}
