#include "http/page.h"

#include "base/html.h"

namespace turnpike::http {

Response plain_page(int status, std::string_view title, std::string_view body) {
    const std::string heading = escape_html(title);
    std::string html =
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
    html.append(heading).append("</title>\n</head>\n<body>\n<main>\n<h1>").append(heading);
    html.append("</h1>\n").append(body).append("\n</main>\n</body>\n</html>\n");
    auto response = html_response(status, std::move(html));
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

bool wants_page(const Request& request) {
    const std::string* accept = request.header("Accept");
    return accept != nullptr && accept->find("text/html") != std::string::npos;
}

}  // namespace turnpike::http
