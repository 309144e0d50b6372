return super(5)
