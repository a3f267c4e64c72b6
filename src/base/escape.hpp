// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The one place where text from outside is made fit for a sink. Names, paths, arguments and thread names are chosen by
/// the target; nothing of them may act: not on a terminal, not in markup, not on a line-based format. What would act or
/// could not be seen becomes a visible escape: `\x1b` for a control character below 0x80, `\u{202e}` for any other code
/// point, `\x9b` for a byte that is not UTF-8. "Unseen" are C0, DEL and C1 controls, bidirectional controls, zero-width and
/// other format characters, fillers that look like blanks, line and paragraph separators, and noncharacters.
namespace lampyr::base {

/// For terminals and logs. Printable text is unchanged, a backslash too: this is for reading, not for reading back.
[[nodiscard]] std::string terminal_text(std::string_view text);

/// For XML and HTML character data and for attribute values in either quote: `< > & " '` become entities, and what is
/// unseen or illegal in XML 1.0 a visible escape. The result is well-formed whatever goes in.
[[nodiscard]] std::string xml_text(std::string_view text);
[[nodiscard]] std::string xml_attribute(std::string_view value);

/// A JSON string with its quotes, ASCII-safe where it matters: what is unseen is written `\uXXXX`, and so is `<`, so that
/// it may stand inside a script element. Keeps the data: a JSON reader gets the same text back, except that a byte that
/// is not UTF-8 (which JSON cannot hold) arrives as its visible escape.
[[nodiscard]] std::string json_string(std::string_view text);

/// One frame of a folded stack. `;`, what is unseen, and whatever a line-based reader could take for its own (a blank at
/// either end, blanks followed by a number at the end, `#` at the start, nothing at all) are escaped, and so is `\`;
/// so the original comes back from `folded_unescape`. Most frames are unchanged.
[[nodiscard]] std::string folded_frame(std::string_view frame);
/// The frame that `folded_frame` was given, or nothing when the text has a `\` that it does not write.
[[nodiscard]] std::optional<std::string> folded_unescape(std::string_view text);

}  // namespace lampyr::base
