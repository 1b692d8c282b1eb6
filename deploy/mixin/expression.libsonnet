// SPDX-License-Identifier: Apache-2.0

// Matchers for every series of closewatch in an expression. PromQL is not parsed: a name ends where
// its letters end, and `{` right behind it says that it has matchers already.
local isPartOfName(char) =
  local code = std.codepoint(char);
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57)
  || char == '_' || char == ':';

{
  // `expression` with `matchers` on each name that begins with closewatch_. Sums of this mixin
  // have a colon in their names and are made of such series already.
  match(expression, matchers):
    if matchers == '' then expression else
      local isOwn(word) = std.startsWith(word, 'closewatch_') && !std.member(word, ':');
      local chars = std.stringChars(expression) + [' '];
      local step(state, char) =
        if isPartOfName(char) then state { word+: char }
        else if !isOwn(state.word) then { text: state.text + state.word + char, word: '' }
        else if char == '{' then
          { text: state.text + state.word + '{' + matchers + ', ', word: '' }
        else { text: state.text + state.word + '{' + matchers + '}' + char, word: '' };
      local done = std.foldl(step, chars, { text: '', word: '' });
      std.substr(done.text, 0, std.length(done.text) - 1),
}
