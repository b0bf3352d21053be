local no, _, e = refusal()
return no or enter(e)
