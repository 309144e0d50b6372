/* load: a process that loads libcurl, lets it begin, and ends: the lower bound for a
 * program that uses libcurl. */
#include <curl/curl.h>
#include <unistd.h>

int main(void)
{
    _exit(curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK);
}
