/* load: a process that loads libcurl, lets it begin, and ends: nobody who uses libcurl
 * can be quicker. */
#include <curl/curl.h>
#include <unistd.h>

int main(void)
{
    _exit(curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK);
}
