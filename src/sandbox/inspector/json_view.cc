#include "sandbox/inspector/json_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/client_data.h"
#include "sandbox/html.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kIndent = 2;

using AddressOf = std::function<std::string(std::string_view)>;

class JsonWriter {
public:
    explicit JsonWriter(const AddressOf& address_of) : address_of_(address_of) {}

    /// Whose the names of an object's members are; of ours some are private.
    enum class Names : bool { Ours, Clients };

    void write(const Json& value, std::size_t depth, Names names = Names::Ours) {
        if (value.is_object()) {
            write_members(value, depth, names);
        } else if (value.is_array()) {
            write_elements(value, depth);
        } else if (value.is_string() && address_of_ &&
                   looks_like_id(value.get_ref<const std::string&>())) {
            const auto& id = value.get_ref<const std::string&>();
            html_ += fmt::format("\"<a href=\"{}\">{}</a>\"", escape_html(address_of_(id)),
                                 escape_html(id));
        } else {
            html_ += escape_html(to_text(value));
        }
    }
    std::string take() { return std::move(html_); }

private:
    void begin_line(std::size_t depth) { html_ += "\n" + std::string(depth * kIndent, ' '); }

    void write_members(const Json& object, std::size_t depth, Names names) {
        html_ += '{';
        bool first = true;
        for (const auto& [name, value] : object.items()) {
            if (names == Names::Ours && name.starts_with('_')) continue;
            if (!first) html_ += ',';
            first = false;
            begin_line(depth + 1);
            html_ += escape_html(to_text(Json(name))) + ": ";
            write(value, depth + 1, is_client_data(name) ? Names::Clients : Names::Ours);
        }
        if (!first) begin_line(depth);
        html_ += '}';
    }

    void write_elements(const Json& array, std::size_t depth) {
        html_ += '[';
        for (std::size_t i = 0; i < array.size(); ++i) {
            if (i > 0) html_ += ',';
            begin_line(depth + 1);
            write(array[i], depth + 1);
        }
        if (!array.empty()) begin_line(depth);
        html_ += ']';
    }

    const AddressOf& address_of_;
    std::string html_;
};

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_word(char c) {
    return is_lower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

bool looks_like_id(std::string_view text) {
    const auto mark = text.find('_');
    if (mark == std::string_view::npos || mark < 2 || mark > 12) return false;
    if (text.size() < mark + 9 || text.size() > 80) return false;
    // The words of the wire ("requires_payment_method") have no digits and no capitals.
    const auto body = text.substr(mark + 1);
    return std::ranges::all_of(text.substr(0, mark), is_lower) &&
           std::ranges::all_of(body, is_word) &&
           std::ranges::any_of(body, [](char c) { return is_word(c) && !is_lower(c) && c != '_'; });
}

std::string json_view(const Json& document, const AddressOf& address_of) {
    JsonWriter writer(address_of);
    writer.write(document, 0);
    return writer.take();
}

std::string body_view(std::string_view body) {
    const auto document = parse_json(body);
    if (!document || !document->is_structured()) return escape_html(body);
    static const AddressOf kNowhere;
    return json_view(*document, kNowhere);
}

}  // namespace turnpike::twin
