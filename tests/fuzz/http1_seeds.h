/* http1_seeds: requests, and pieces of them, to begin from. */
#ifndef FOYER_FUZZ_HTTP1_SEEDS_H
#define FOYER_FUZZ_HTTP1_SEEDS_H

static const char *const http1_seeds[] = {
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST /a?b=c HTTP/1.1\r\nHost: h:80\r\nContent-Length: 3\r\nX: y\r\n\r\nabc",
    "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
    "HEAD http://[::1]/p%20q HTTP/1.1\r\nhost: [::1]\r\nContent-Length: 4\r\n\r\nGET ",
    "OPTIONS * HTTP/1.0\r\nConnection: keep-alive, x\r\nExpect: 100-continue\r\n\r\n",
    /* long lines, for the limits */
    "PUT "
    "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx "
    "HTTP/1.1\r\nHost: h\r\nX: "
    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
    "yyy"
    "\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3;zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
    "zzz"
    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
    "zzz"
    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
    "zzz"
    "\r\nabc\r\n0\r\n\r\n",
    "\r\nPOST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
};
static const char *const http1_words[] = {
    "\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    ";",
    ",",
    "0",
    "5",
    "f",
    "0x5",
    "+5",
    "-5",
    "5;a=\"b\"",
    "ffffffffffffffff",
    "18446744073709551616",
    "\r\n\r\n",
    "0\r\n\r\n",
    "Host: h\r\n",
    "Host: \r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 5, 5\r\n",
    "Content-Length : 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding: identity\r\n",
    "Transfer-Encoding:\r\n chunked\r\n",
    "Transfer-Encoding: \vchunked\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Connection: upgrade\r\nUpgrade: x\r\n",
    "Expect: 100-continue\r\n",
    "GET / HTTP/1.1\r\n",
    "HTTP/1.0",
    "HTTP/1.2",
    "HTTP/2.0",
    "PATCH",
    "CONNECT h:1",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "/%2e%",
    "\x80\xff",
    "#{|}\"",
};

#endif
