#include "io/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* The blocks of IANA's special-purpose registry (RFC 6890) that are not globally
 * reachable. */
static const struct {
    uint32_t net;
    int bits;
} private4[] = {
    {0x00000000, 8},  /* 0.0.0.0/8 this network */
    {0x0a000000, 8},  /* 10.0.0.0/8 */
    {0x64400000, 10}, /* 100.64.0.0/10 shared by carriers */
    {0x7f000000, 8},  /* 127.0.0.0/8 loopback */
    {0xa9fe0000, 16}, /* 169.254.0.0/16 link-local: clouds' metadata */
    {0xac100000, 12}, /* 172.16.0.0/12 */
    {0xc0000000, 24}, /* 192.0.0.0/24 protocol assignments */
    {0xc0000200, 24}, /* 192.0.2.0/24 documentation */
    {0xc0a80000, 16}, /* 192.168.0.0/16 */
    {0xc6120000, 15}, /* 198.18.0.0/15 benchmarks */
    {0xc6336400, 24}, /* 198.51.100.0/24 documentation */
    {0xcb007100, 24}, /* 203.0.113.0/24 documentation */
    {0xe0000000, 3},  /* 224.0.0.0/4 multicast, 240.0.0.0/4 reserved, broadcast */
};

static int is_private4(uint32_t ip)
{
    for (size_t i = 0; i < sizeof(private4) / sizeof(private4[0]); i++)
        if ((ip ^ private4[i].net) >> (32 - private4[i].bits) == 0)
            return 1;
    return 0;
}

static uint32_t read4(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int is_private6(const unsigned char ip[16])
{
    static const unsigned char zero[12];
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    static const unsigned char nat64_local[6] = {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01};
    if (memcmp(ip, mapped, 12) == 0 || memcmp(ip, nat64, 12) == 0)
        return is_private4(read4(ip + 12));
    if (memcmp(ip, zero, 12) == 0) /* ::, ::1 and the old IPv4-compatible form */
        return 1;
    if (memcmp(ip, nat64_local, 6) == 0) /* 64:ff9b:1::/48 leads into private networks */
        return 1;
    if (ip[0] == 0x20 && ip[1] == 0x02) /* 6to4 carries an IPv4 address */
        return is_private4(read4(ip + 2));
    if (ip[0] == 0x20 && ip[1] == 0x01 && ip[2] < 0x02) /* 2001::/23: Teredo, ORCHID */
        return 1;
    if (read4(ip) == 0x20010db8) /* documentation */
        return 1;
    /* Only 2000::/3 is assigned, so that fc00::/7, fe80::/10 and ff00::/8 are private. */
    return (ip[0] & 0xe0) != 0x20;
}

int addr_is_private(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return is_private4(
            ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6)
        return is_private6(
            ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
    return 1;
}

int addr_text_is_private(const char *text)
{
    struct in_addr four;
    if (inet_pton(AF_INET, text, &four) == 1)
        return is_private4(ntohl(four.s_addr));
    char bare[ADDR_TEXT_SIZE];
    snprintf(bare, sizeof(bare), "%s", text + (text[0] == '['));
    bare[strcspn(bare, "]%")] = '\0'; /* a zone does not change the address */
    struct in6_addr six;
    return inet_pton(AF_INET6, bare, &six) == 1 && is_private6(six.s6_addr);
}

void addr_format(const struct sockaddr *address, char out[ADDR_TEXT_SIZE])
{
    const void *ip = NULL;
    if (address->sa_family == AF_INET)
        ip = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address->sa_family == AF_INET6)
        ip = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (!ip || !inet_ntop(address->sa_family, ip, out, ADDR_TEXT_SIZE))
        snprintf(out, ADDR_TEXT_SIZE, "of family %d", address->sa_family);
}
