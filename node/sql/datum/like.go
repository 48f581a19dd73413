package datum

// MatchLike matches with % and _, and \ before a character that stands for itself. It goes back
// only to the last %, so it takes at most len(s)·len(pattern) steps.
func MatchLike(s, pattern string) bool {
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
			if pat[k] == '\\' && k+1 < len(pat) {
				k++
			}
			if pat[k] == text[i] {
				i, j = i+1, k+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		i, j = mark, star+1
	}
	for j < len(pat) && pat[j] == '%' {
		j++
	}
	return j == len(pat)
}
