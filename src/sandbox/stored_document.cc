#include "sandbox/stored_document.h"

#include <charconv>
#include <cstdint>
#include <list>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/check.h"
#include "json/scanner.h"
#include "json/value.h"
#include "sandbox/documents.h"

namespace turnpike::twin {
namespace {

template <class Integer>
bool read_integer(std::string_view digits, Json& into) {
    Integer value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) return false;
    into = value;
    return true;
}

class Reader {
public:
    explicit Reader(std::string_view text) : scanner_(decoded_) { scanner_.begin(text); }
    bool read_all(Json& into) { return read(into) && scanner_.at_end(); }

private:
    bool read(Json& into) {
        using Kind = JsonScanner::Kind;
        const auto kind = scanner_.kind();
        switch (kind) {
            case Kind::Object: return read_object(into);
            case Kind::Array: return read_array(into);
            case Kind::Number: return read_number(into);
            case Kind::Text: return read_text(into);
            case Kind::True:
            case Kind::False: into = kind == Kind::True; return scanner_.skip();
            case Kind::Null: into = nullptr; return scanner_.skip();
            case Kind::None: return false;
        }
        std::unreachable();
    }

    bool read_text(Json& into) {
        std::string_view text;
        if (!scanner_.text(text)) return false;
        into = std::string(text);
        return true;
    }

    bool read_number(Json& into) {
        std::string_view digits;
        if (!scanner_.number(digits)) return false;
        if (digits.find_first_of(".eE") != std::string_view::npos) {
            auto fraction = parse_json(digits);
            if (!fraction) return false;
            into = *std::move(fraction);
            return true;
        }
        return digits.starts_with('-') ? read_integer<std::int64_t>(digits, into)
                                       : read_integer<std::uint64_t>(digits, into);
    }

    /// Members wait aside until it is known how many there are: an object that grows copies them.
    bool read_object(Json& into) {
        const auto first = members_.size();
        const bool read_members = scanner_.object([&](std::string_view name) {
            Json value;
            if (!read(value)) return false;
            members_.emplace_back(std::string(name), std::move(value));
            return true;
        });
        into = roomy_object(members_.size() - first);
        auto& members = into.get_ref<Json::object_t&>();
        for (auto i = first; i < members_.size(); ++i)
            members.emplace_back(std::move(members_[i].first), std::move(members_[i].second));
        members_.resize(first);
        return read_members;
    }

    bool read_array(Json& into) {
        into = Json::array();
        auto& elements = into.get_ref<Json::array_t&>();
        return scanner_.array([&] { return read(elements.emplace_back()); });
    }

    std::list<std::string> decoded_;
    JsonScanner scanner_;
    std::vector<std::pair<std::string, Json>> members_;  ///< of the open objects
};

}  // namespace

Json read_stored(std::string_view text) {
    Json value;
    const bool read = Reader(text).read_all(value);
    check(read, "the sandbox stores JSON");
    return value;
}

}  // namespace turnpike::twin
