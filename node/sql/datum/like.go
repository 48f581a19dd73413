package datum

// MatchLike matches with % and _, and \ before a character that stands for itself. It goes back
// only to the last %, so it takes at most len(s)·len(pattern) steps.
//
// A pattern whose last character is \ is an error (22025) when it comes to that.
func MatchLike(s, pattern string) (bool, error) {
	text, pat := []rune(s), []rune(pattern)
	i, j, star, mark := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case j < len(pat) && pat[j] == '%':
			star, mark = j, i
			j++
			continue
		case j < len(pat) && pat[j] == '_':
			i, j = i+1, j+1
			continue
		case j < len(pat):
			k := j
			if pat[k] == '\\' {
				if k++; k == len(pat) {
					return false, errorf(codeInvalidEscape, "LIKE pattern must not end with escape character")
				}
			}
			if pat[k] == text[i] {
				i, j = i+1, k+1
				continue
			}
		}
		if star < 0 {
			return false, nil
		}
		mark++
		i, j = mark, star+1
	}
	for j < len(pat) && pat[j] == '%' {
		j++
	}
	return j == len(pat), nil
}
