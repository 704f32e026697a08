#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace turnpike {

/// A letter as its reader sees it: the same words twice.
struct RenderedLetter {
    std::string subject;
    std::string text;
    std::string html;
};
using LetterValues = std::map<std::string, std::string, std::less<>>;

/// A template is "Subject: ..." and, after an empty line, paragraphs with {{names}}. A paragraph of
/// which a name has no value is left out; in the HTML values are escaped, and an http(s) URL is a
/// link where the name ends with "_url": what others chose, a name of theirs, leads nowhere. A
/// subject stays one line whatever its values hold.
RenderedLetter render_letter(std::string_view pattern, const LetterValues& values);
/// The same of plain text.
RenderedLetter plain_letter(std::string subject, std::string text);

/// Around a letter: who sends it to whom.
struct Envelope {
    std::string from;     ///< an e-mail address
    std::string seller;   ///< the name shown beside it; "" for none
    std::string to;       ///< an e-mail address
    std::string id;       ///< makes the Message-ID: the same at every try
    std::string opt_out;  ///< a URL; "" for letters that one cannot do without
    Instant at;
};
/// RFC 5322 with multipart/alternative; no value can begin a header line of its own.
std::string write_message(const RenderedLetter& letter, const Envelope& envelope);

}  // namespace turnpike
