// What a page is before it has something to show: loading, nothing there, or why it could not, with a way on.
Component({
  options: { multipleSlots: true },
  properties: {
    status: { type: String, value: 'loading' },
    problem: { type: Object, value: null },
    empty: { type: Boolean, value: false },
    emptyTitle: { type: String, value: '' },
    emptyText: { type: String, value: '' },
    t: { type: Object, value: {} },
  },
  methods: {
    retry() {
      this.triggerEvent('retry');
    },
  },
});
