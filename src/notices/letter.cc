#include "notices/letter.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/encoding.h"
#include "base/html.h"

namespace turnpike {
namespace {

constexpr std::size_t kBase64LineBytes = 76;
/// RFC 2047: an encoded word has 75 characters at most, 45 bytes before base64.
constexpr std::size_t kEncodedWordBytes = 45;

bool is_link(std::string_view name, std::string_view value) {
    const bool is_url = value.starts_with("https://") || value.starts_with("http://");
    return is_url && name.ends_with("_url");
}

std::string one_line(std::string text) {
    std::ranges::replace_if(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; }, ' ');
    return text;
}

struct Filled {
    std::string text;
    std::string html;
};

/// nullopt when one of its names has no value.
std::optional<Filled> fill(std::string_view pattern, const LetterValues& values) {
    Filled filled;
    while (!pattern.empty()) {
        const auto open = std::min(pattern.find("{{"), pattern.size());
        filled.text += pattern.substr(0, open);
        filled.html += escape_html(pattern.substr(0, open));
        pattern.remove_prefix(open);
        if (pattern.empty()) break;
        const auto close = pattern.find("}}");
        const auto name = pattern.substr(2, close - 2);
        const auto value = values.find(name);
        if (value == values.end()) return std::nullopt;
        filled.text += value->second;
        const std::string shown = escape_html(value->second);
        filled.html +=
            is_link(name, value->second) ? "<a href=\"" + shown + "\">" + shown + "</a>" : shown;
        pattern.remove_prefix(close + 2);
    }
    return filled;
}

std::vector<std::string_view> paragraphs_of(std::string_view body) {
    std::vector<std::string_view> paragraphs;
    while (!body.empty()) {
        const auto end = std::min(body.find("\n\n"), body.size());
        auto paragraph = body.substr(0, end);
        while (paragraph.ends_with('\n')) paragraph.remove_suffix(1);
        if (!paragraph.empty()) paragraphs.push_back(paragraph);
        body.remove_prefix(std::min(end + 2, body.size()));
    }
    return paragraphs;
}

std::string html_page(const std::string& subject, const std::string& body) {
    return "<!doctype html><html><head><meta charset=\"utf-8\"><title>" + escape_html(subject) +
           "</title></head><body>\n" + body + "</body></html>\n";
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

/// A header's value: ASCII as it is, everything else as encoded words, cut between characters.
std::string header_text(std::string text) {
    text = one_line(std::move(text));
    if (is_ascii(text)) return text;
    std::string words;
    for (std::string_view rest = text; !rest.empty();) {
        std::size_t length = std::min(rest.size(), kEncodedWordBytes);
        const auto continues = [&](std::size_t i) {
            return i < rest.size() && (static_cast<unsigned char>(rest[i]) & 0xC0U) == 0x80U;
        };
        while (length > 1 && continues(length)) --length;
        if (!words.empty()) words += "\r\n ";
        words += "=?utf-8?B?" + to_base64(rest.substr(0, length)) + "?=";
        rest.remove_prefix(length);
    }
    return words;
}

std::string two(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

/// RFC 5322, 3.3.
std::string mail_date(Instant at) {
    constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(at - day)};
    return std::string(kDays[std::chrono::weekday(day).c_encoding()]) + ", " +
           two(static_cast<int>(static_cast<unsigned>(date.day()))) + " " +
           kMonths[static_cast<unsigned>(date.month()) - 1] + " " +
           std::to_string(static_cast<int>(date.year())) + " " +
           two(static_cast<int>(time.hours().count())) + ":" +
           two(static_cast<int>(time.minutes().count())) + ":" +
           two(static_cast<int>(time.seconds().count())) + " +0000";
}

std::string part(const char* type, std::string_view body) {
    std::string text = "Content-Type: ";
    text.append(type).append("; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    const std::string encoded = to_base64(body);
    for (std::size_t i = 0; i < encoded.size(); i += kBase64LineBytes)
        text.append(encoded.substr(i, kBase64LineBytes)).append("\r\n");
    return text;
}

}  // namespace

RenderedLetter render_letter(std::string_view pattern, const LetterValues& values) {
    constexpr std::string_view kSubject = "Subject: ";
    const auto line_end = std::min(pattern.find('\n'), pattern.size());
    RenderedLetter letter;
    const auto subject = fill(pattern.substr(kSubject.size(), line_end - kSubject.size()), values);
    letter.subject = one_line(subject ? subject->text : std::string());
    std::string html;
    for (const auto paragraph : paragraphs_of(pattern.substr(line_end))) {
        const auto filled = fill(paragraph, values);
        if (!filled) continue;
        letter.text += filled->text + "\n\n";
        html += "<p>" + filled->html + "</p>\n";
    }
    letter.html = html_page(letter.subject, html);
    return letter;
}

RenderedLetter plain_letter(std::string subject, std::string text) {
    RenderedLetter letter{one_line(std::move(subject)), std::move(text), ""};
    letter.html = html_page(letter.subject, "<p>" + escape_html(letter.text) + "</p>\n");
    return letter;
}

std::string write_message(const RenderedLetter& letter, const Envelope& envelope) {
    const std::string boundary = "=_" + envelope.id;
    const std::string from = one_line(envelope.from);
    const std::string domain = from.substr(std::min(from.find('@') + 1, from.size()));
    std::string text;
    const auto header = [&text](std::string_view name, std::string_view value) {
        text.append(name).append(": ").append(value).append("\r\n");
    };
    const std::string name = header_text(envelope.seller);
    const bool is_plain = is_ascii(envelope.seller);
    std::string quoted;
    for (const char c : name) {
        if (is_plain && (c == '"' || c == '\\')) quoted += '\\';
        quoted += c;
    }
    if (is_plain) quoted = "\"" + quoted + "\"";
    header("From", envelope.seller.empty() ? "<" + from + ">" : quoted + " <" + from + ">");
    header("To", "<" + one_line(envelope.to) + ">");
    header("Subject", header_text(letter.subject));
    header("Date", mail_date(envelope.at));
    header("Message-ID", "<" + envelope.id + "@" + domain + ">");
    header("Auto-Submitted", "auto-generated");
    if (!envelope.opt_out.empty()) {
        header("List-Unsubscribe", "<" + one_line(envelope.opt_out) + ">");
        header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
    }
    header("MIME-Version", "1.0");
    header("Content-Type", "multipart/alternative; boundary=\"" + boundary + "\"");
    text += "\r\n--" + boundary + "\r\n" + part("text/plain", letter.text);
    text += "--" + boundary + "\r\n" + part("text/html", letter.html);
    return text.append("--").append(boundary).append("--\r\n");
}

}  // namespace turnpike
